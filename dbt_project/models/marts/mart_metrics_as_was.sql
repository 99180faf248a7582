{%- set sums = additive_amounts() + additive_counts() %}
-- The metrics of mart_metrics with each period in the organisation of its end (as-was): what today's facts were when this person owned the deal and
-- sat in that team. Whole figures alone; velocity and required coverage look over several periods and stand in mart_metrics.
with organisations as (
    select * from {{ ref('int_period_organisations') }}
),

nodes as (
    select nodes.*, organisations.period_id
    from {{ ref('int_org_nodes') }} as nodes
    inner join organisations on nodes.as_of_date = organisations.as_of_date
),

facts as (
    select
        facts.*, organisations.as_of_date,
        coalesce(case when versions.opportunity_id is null then facts.owner_id else versions.owner_id end, 'unassigned') as owner_then
    from {{ ref('fct_opportunity_period') }} as facts
    inner join organisations on facts.period_id = organisations.period_id
    -- a deal that was not known yet counts at its owner of today
    left join {{ ref('int_opportunity_versions') }} as versions
        on facts.opportunity_id = versions.opportunity_id and {{ known('versions', 'organisations.cutoff_at') }}
),

placed as (
    select facts.*, ancestors.ancestor_id as node_id
    from facts
    inner join nodes as companies on facts.period_id = companies.period_id and companies.node_level = 'company'
    left join nodes as reps on facts.period_id = reps.period_id and facts.owner_then = reps.node_id and reps.node_level = 'rep'
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on facts.as_of_date = ancestors.as_of_date and coalesce(reps.node_id, companies.node_id) = ancestors.node_id
),

sums as (
    {{ summed_metrics('placed', ['node_id', 'period_id']) }}
),

targets as (
    select split_part(key, '|', 1) as node_id, split_part(key, '|', 2) as period_id, gross_amount as target_gross_amount
    from {{ ref('int_setting_versions') }} as versions
    where kind = 'target' and {{ known('versions', as_of_cutoff()) }}
),

metrics as (
    select
        nodes.node_id, nodes.period_id, 'all' as slice_kind, 'all' as slice_value, nodes.parent_node_id, nodes.node_level, nodes.name as node_name,
        periods.period_kind, targets.target_gross_amount,
        {% for figure in sums %}coalesce(sums.{{ figure }}, 0) as {{ figure }},
        {% endfor %}sums.largest_open_gross_amount, sums.cycle_days_median, sums.cycle_days_p90, sums.lost_cycle_days_median,
        cast(null as numeric) as velocity,
        cast(null as numeric) as yield_rate,
        forecasts.mean as forecast_gross_amount
    from nodes
    inner join {{ ref('int_review_periods') }} as periods on nodes.period_id = periods.period_id
    left join sums on nodes.node_id = sums.node_id and nodes.period_id = sums.period_id
    left join targets on nodes.node_id = targets.node_id and nodes.period_id = targets.period_id
    left join {{ ref('mart_period_forecast') }} as forecasts on nodes.node_id = forecasts.node_id and nodes.period_id = forecasts.period_id
),

final as (
    {{ metric_columns() }}
    from metrics
)

select final.*, organisations.as_of_date as organisation_of
from final
inner join organisations on final.period_id = organisations.period_id
