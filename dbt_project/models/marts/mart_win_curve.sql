{%- set cell = 'partition by node_id, slice_kind, slice_value order by week' %}
-- The chance to be won, or lost, by each week since creation: open deals count for as long as they were seen, and losing competes.
with deals as (
    select
        leaf_node_id, pipeline, sales_process, product_line, lead_source, channel, outcome,
        greatest(coalesce(closed_on, {{ as_of() }}) - created_on, 0) / 7 as week
    from {{ ref('int_deals_as_of') }}
    where not is_backfilled and created_on > {{ as_of() }} - {{ var('rate_window_days') }}
),

sliced as (
    {{ sliced('deals') }}
),

-- A renewal is a pipeline of its own: it counts in its own slice alone. Nodes below the company get the slice of all.
placed as (
    select ancestors.ancestor_id as node_id, sliced.slice_kind, sliced.slice_value, sliced.outcome, sliced.week
    from sliced
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on ancestors.as_of_date = {{ as_of() }} and sliced.leaf_node_id = ancestors.node_id
    inner join {{ ref('int_org_nodes') }} as nodes on nodes.as_of_date = {{ as_of() }} and ancestors.ancestor_id = nodes.node_id
    where (sliced.pipeline = 'new' or sliced.slice_kind = 'pipeline') and (sliced.slice_kind = 'all' or nodes.node_level = 'company')
),

ends as (
    select
        node_id, slice_kind, slice_value, week, count(*) as ended_count,
        sum({{ when("outcome = 'won'") }}) as won_count,
        sum({{ when("outcome = 'lost'") }}) as lost_count
    from placed
    group by node_id, slice_kind, slice_value, week
),

weeks as (
    {{ number_series(104) }}
),

cells as (
    select distinct node_id, slice_kind, slice_value from ends
),

risks as (
    select
        cells.node_id, cells.slice_kind, cells.slice_value, weeks.n as week,
        coalesce(ends.won_count, 0) as won_count, coalesce(ends.lost_count, 0) as lost_count,
        sum(coalesce(ends.ended_count, 0)) over (
            partition by cells.node_id, cells.slice_kind, cells.slice_value order by weeks.n desc
            rows between unbounded preceding and current row
        ) as at_risk_count
    from cells
    cross join weeks
    left join ends
        on
            cells.node_id = ends.node_id and cells.slice_kind = ends.slice_kind and cells.slice_value = ends.slice_value
            and weeks.n = ends.week
),

stays as (
    select *, cast(at_risk_count - won_count - lost_count as double precision) / at_risk_count as stay_share from risks
    where at_risk_count > 0
),

-- Kaplan-Meier's share that is still open at the end of each week: a product, by way of logarithms; once nobody stayed it is nothing.
survival as (
    select
        *,
        case
            when min(stay_share) over ({{ cell }}) > 0 then exp(sum(ln(nullif(stay_share, 0))) over ({{ cell }})) else 0
        end as open_share
    from stays
),

entered as (
    select *, coalesce(lag(open_share) over ({{ cell }}), 1) as entering_share from survival
),

-- Aalen-Johansen: who was still open, times the share of them that was won this week.
final as (
    select
        {{ build_id() }} as build_id,
        node_id,
        slice_kind,
        slice_value,
        week,
        cast(at_risk_count as integer) as at_risk_count,
        cast(won_count as integer) as won_count,
        cast(lost_count as integer) as lost_count,
        round(cast(sum(entering_share * won_count / at_risk_count) over ({{ cell }}) as numeric), 6) as won_share,
        round(cast(sum(entering_share * lost_count / at_risk_count) over ({{ cell }}) as numeric), 6) as lost_share,
        round(cast(open_share as numeric), 6) as open_share,
        {{ as_of() }} as as_of
    from entered
)

select * from final
