-- Set, realised-ever and realised-in-period rate of each stage side by side, with counts and 95 % intervals, by node and by segment.
with cohorts as (
    select * from {{ ref('int_stage_cohorts') }}
    where entered_on > {{ as_of() }} - {{ var('rate_window_days') }}
),

-- An entry counts once nine in ten of its process's deals would have been decided.
maturity as (
    select sales_process, stage_code, {{ percentile_of('days_to_outcome', 0.9) }} as mature_after_days
    from cohorts
    group by sales_process, stage_code
),

ever as (
    select
        cohorts.leaf_node_id, cohorts.stage_code, cohorts.pipeline, cohorts.sales_process, cohorts.product_line, cohorts.lead_source,
        cohorts.channel, 'ever' as question, cohorts.is_won, cohorts.is_converted, cohorts.outcome = 'open' as is_undecided,
        case when cohorts.is_won then cohorts.days_in_stage end as days_in_stage
    from cohorts
    inner join maturity on cohorts.sales_process = maturity.sales_process and cohorts.stage_code = maturity.stage_code
    where {{ as_of() }} - cohorts.entered_on >= maturity.mature_after_days
),

-- Deals that were expected to close in an earlier period, on the day that lay in it as today does: won by its end?
in_period as (
    select
        deals.leaf_node_id, pipeline.stage_code, deals.pipeline, deals.sales_process, deals.product_line, deals.lead_source, deals.channel,
        'in_period' as question, deals.outcome = 'won' and deals.closed_on <= periods.ends_on as is_won, false as is_converted,
        false as is_undecided, cast(null as bigint) as days_in_stage
    from {{ ref('int_pipeline_as_of') }} as pipeline
    inner join {{ ref('int_review_periods') }} as periods
        on
            pipeline.as_of_date = periods.same_day_on and periods.period_kind = 'past'
            and pipeline.expected_close_on between periods.starts_on and periods.ends_on
    inner join {{ ref('int_deals_as_of') }} as deals on pipeline.opportunity_id = deals.opportunity_id and not deals.is_backfilled
    where pipeline.stage_code is not null
),

counted as (
    select * from ever
    union all
    select * from in_period
),

slices as (
    {{ sliced('counted') }}
),

-- A renewal is a pipeline of its own: it counts in its own slice alone. Nodes below the company get the slice of all.
placed as (
    select slices.*, ancestors.ancestor_id as node_id
    from slices
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on ancestors.as_of_date = {{ as_of() }} and slices.leaf_node_id = ancestors.node_id
    inner join {{ ref('int_org_nodes') }} as nodes on nodes.as_of_date = {{ as_of() }} and ancestors.ancestor_id = nodes.node_id
    where (slices.pipeline = 'new' or slices.slice_kind = 'pipeline') and (slices.slice_kind = 'all' or nodes.node_level = 'company')
),

sums as (
    select
        node_id, slice_kind, slice_value, stage_code,
        sum(case when question = 'ever' then 1 else 0 end) as entered_count,
        sum(case when question = 'ever' and is_converted then 1 else 0 end) as converted_count,
        sum(case when question = 'ever' and is_won then 1 else 0 end) as won_count,
        sum(case when is_undecided then 1 else 0 end) as undecided_count,
        sum(case when question = 'in_period' then 1 else 0 end) as in_period_count,
        sum(case when question = 'in_period' and is_won then 1 else 0 end) as in_period_won_count,
        {{ percentile_of('days_in_stage', 0.75) }} as won_days_p75,
        {{ percentile_of('days_in_stage', 0.9) }} as won_days_p90
    from placed
    group by node_id, slice_kind, slice_value, stage_code
),

final as (
    select
        {{ build_id() }} as build_id,
        sums.node_id,
        sums.slice_kind,
        sums.slice_value,
        sums.stage_code,
        stages.stage_order,
        stages.set_rate,
        cast(sums.entered_count as integer) as entered_count,
        cast(sums.converted_count as integer) as converted_count,
        cast(sums.won_count as integer) as won_count,
        cast(sums.undecided_count as integer) as undecided_count,
        {{ ratio('sums.converted_count', 'sums.entered_count') }} as conversion_rate,
        {{ wilson('sums.converted_count', 'sums.entered_count', '-') }} as conversion_rate_low,
        {{ wilson('sums.converted_count', 'sums.entered_count', '+') }} as conversion_rate_high,
        {{ ratio('sums.won_count', 'sums.entered_count') }} as realised_ever_rate,
        {{ wilson('sums.won_count', 'sums.entered_count', '-') }} as realised_ever_rate_low,
        {{ wilson('sums.won_count', 'sums.entered_count', '+') }} as realised_ever_rate_high,
        cast(sums.in_period_count as integer) as in_period_count,
        cast(sums.in_period_won_count as integer) as in_period_won_count,
        {{ ratio('sums.in_period_won_count', 'sums.in_period_count') }} as realised_in_period_rate,
        {{ wilson('sums.in_period_won_count', 'sums.in_period_count', '-') }} as realised_in_period_rate_low,
        {{ wilson('sums.in_period_won_count', 'sums.in_period_count', '+') }} as realised_in_period_rate_high,
        cast(sums.won_days_p75 as numeric(9, 1)) as won_days_p75,
        cast(sums.won_days_p90 as numeric(9, 1)) as won_days_p90,
        {{ as_of() }} as as_of
    from sums
    inner join {{ ref('dim_stage') }} as stages on sums.stage_code = stages.stage_code and stages.is_current and stages.outcome = 'open'
)

select * from final
