{%- set won = "deals.is_closed_here and deals.outcome = 'won'" %}
{%- set lost = "deals.is_closed_here and deals.outcome = 'lost'" %}
{%- set expected = "case when amount is not null then coalesce(" ~ expected_amount('deals.p', 'coalesce(deals.final_gross_amount, amount)') ~ ", 0) end" %}
{%- set current = "deals.period_kind = 'current'" %}
{%- set slipped = "deals.is_frozen_here and (deals.closed_on > deals.ends_on or (deals.outcome = 'open' and (deals.period_kind = 'past' or deals.expected_close_on > deals.ends_on)))" %}
-- What each deal adds to each figure of each period: every cell of mart_metrics that adds up is a sum of these rows.
with company as (
    select node_id from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }} and node_level = 'company'
),

qualified as (
    select min(stage_order) as stage_order from {{ ref('dim_stage') }}
    where is_current and stage_code = '{{ var("qualified_stage") }}'
),

chances as (
    select opportunity_id, p_win_by_period_end as p, final_gross_amount from {{ ref('stg_landfall__opportunity_scores') }}
    where build_id = {{ build_id() }}
),

-- Realised rates of the process where it has enough deals, else of all; a renewal has its own.
rates as (
    select
        conversion.slice_kind, conversion.slice_value, conversion.stage_code,
        cast(conversion.in_period_won_count as numeric) / nullif(conversion.in_period_count, 0) as rate
    from {{ ref('mart_stage_conversion') }} as conversion
    inner join company on conversion.node_id = company.node_id
    where conversion.in_period_count >= {{ var('rate_least_count') }}
),

deals as (
    select
        periods.*, chances.p, chances.final_gross_amount,
        case when periods.pipeline = 'renewal' then renewals.rate else coalesce(processes.rate, everything.rate) end as realised_rate,
        coalesce(periods.stage_order >= qualified.stage_order, false) as is_qualified
    from {{ ref('int_deal_periods') }} as periods
    cross join qualified
    left join chances on periods.opportunity_id = chances.opportunity_id
    left join rates as processes
        on
            processes.slice_kind = 'sales_process' and periods.sales_process = processes.slice_value
            and periods.stage_code = processes.stage_code
    left join rates as everything on everything.slice_kind = 'all' and periods.stage_code = everything.stage_code
    left join rates as renewals
        on renewals.slice_kind = 'pipeline' and renewals.slice_value = 'renewal' and periods.stage_code = renewals.stage_code
),

measured as (
    select
        deals.*,
        {{ when(won, 'amount') }} as won_gross_amount,
        {{ when(lost, 'amount') }} as lost_gross_amount,
        {{ when(won ~ ' and deals.is_created_here_or_later', 'amount') }} as create_and_close_gross_amount,
        {{ when(won ~ ' and deals.is_backfilled', 'amount') }} as backfilled_gross_amount,
        {{ when('deals.is_created_here', 'amount') }} as created_gross_amount,
        {{ when('deals.is_open_here', 'amount') }} as open_gross_amount,
        {{ when('deals.is_open_here and deals.is_qualified', 'amount') }} as qualified_open_gross_amount,
        {{ when('deals.is_open_here and deals.expected_close_on < ' ~ as_of(), 'amount') }} as past_due_gross_amount,
        {{ when('deals.is_open_here', 'round(amount * coalesce(deals.stage_set_rate, 0), 2)') }} as weighted_set_gross_amount,
        {{ when('deals.is_open_here and ' ~ current, 'round(amount * coalesce(deals.realised_rate, 0), 2)') }}
            as weighted_realised_gross_amount,
        {{ when('deals.is_open_here and ' ~ current, expected) }}
            as weighted_model_gross_amount,
        {{ when("deals.outcome = 'open' and " ~ current, expected) }}
            as expected_open_gross_amount,
        case when {{ current }} then {{ when('deals.is_open_here', 'amount') }} else coalesce(same_day_amount, 0) end
            as same_day_open_gross_amount,
        {{ when('deals.is_frozen_here', 'frozen_amount') }} as frozen_gross_amount,
        {{ when('deals.is_frozen_here and ' ~ lost, 'frozen_amount') }} as frozen_lost_gross_amount,
        {{ when(slipped, 'frozen_amount') }} as slipped_gross_amount,
        {{ when(won) }} as won_count,
        {{ when(lost) }} as lost_count,
        {{ when(won ~ ' and deals.is_created_here_or_later') }} as create_and_close_count,
        {{ when(won ~ ' and deals.is_backfilled') }} as backfilled_count,
        {{ when('deals.is_created_here') }} as created_count,
        {{ when("deals.is_created_here and deals.outcome = 'won'") }} as cohort_won_count,
        {{ when("deals.is_created_here and deals.outcome <> 'open'") }} as cohort_decided_count,
        {{ when('deals.is_open_here') }} as open_count,
        {{ when('deals.is_open_here and not deals.has_amount') }} as open_without_amount_count,
        {{ when('deals.is_open_here and deals.is_qualified') }} as qualified_open_count,
        {{ when('deals.is_open_here and deals.expected_close_on < ' ~ as_of()) }} as past_due_count,
        {{ when("deals.outcome = 'open' and deals.is_qualified and " ~ current) }} as qualified_now_count,
        {{ when('deals.is_open_here and deals.realised_rate is null and ' ~ current) }} as unrated_open_count,
        {{ when('deals.is_frozen_here') }} as frozen_count,
        {{ when('deals.is_frozen_here and ' ~ lost) }} as frozen_lost_count,
        {{ when(slipped) }} as slipped_count,
        case when {{ won }} and not deals.is_backfilled then deals.closed_on - deals.created_on end as cycle_days,
        case when {{ lost }} then deals.closed_on - deals.created_on end as lost_cycle_days
    from deals
),

final as (
    select
        {{ build_id() }} as build_id,
        opportunity_id, period_id, owner_id, leaf_node_id, opportunity_name,
        pipeline, sales_process, product_line, lead_source, channel, stage_code, outcome,
        {% for amount in additive_amounts() %}cast({{ amount }} as numeric(18, 2)) as {{ amount }},
        {% endfor %}{% for figure in additive_counts() %}cast({{ figure }} as integer) as {{ figure }},
        {% endfor %}cycle_days,
        lost_cycle_days,
        created_on, expected_close_on, closed_on,
        {{ as_of() }} as as_of
    from measured
    where {% for figure in additive_counts() + ['same_day_open_gross_amount'] %}{{ 'or ' if not loop.first }}{{ figure }} <> 0 {% endfor %}
)

select * from final
