-- Where the period will land at every node: won, open deals, business still to come, range, target and gap.
with forecasts as (
    select * from {{ ref('stg_landfall__period_forecasts') }}
    where build_id = {{ build_id() }} and measure = 'signed_gross_amount'
),

nodes as (
    select * from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }}
),

targets as (
    select node_id, period_id, target_gross_amount, remaining_days
    from {{ ref('period_features') }}
    where as_of_date = {{ as_of() }} and window_kind = 'current'
),

final as (
    select
        {{ build_id() }} as build_id,
        forecasts.node_id,
        forecasts.period_id,
        forecasts.measure,
        nodes.parent_node_id,
        nodes.node_level,
        nodes.name as node_name,
        forecasts.reason_no_range,
        targets.target_gross_amount as target,
        forecasts.won,
        forecasts.from_open,
        forecasts.from_new,
        forecasts.mean,
        forecasts.p10,
        forecasts.p50,
        forecasts.p90,
        targets.target_gross_amount - forecasts.mean as gap,
        targets.remaining_days,
        forecasts.p10 is not null as has_range,
        {{ as_of() }} as as_of
    from forecasts
    left join nodes on forecasts.node_id = nodes.node_id
    left join targets on forecasts.node_id = targets.node_id and forecasts.period_id = targets.period_id
)

select * from final
