-- Each frozen forecast of a closed period at each node, beside what came.
with frozen as (
    select * from {{ ref('mart_forecast_accuracy__frozen') }}
),

nodes as (
    select * from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }}
),

-- The naive forecast is what the same quarter of the year before brought.
actuals as (
    select *, lag(actual_gross_amount, 4) over (partition by node_id order by starts_on) as naive from {{ ref('int_period_actuals') }}
),

final as (
    select
        frozen.period_id, frozen.horizon, frozen.frozen_on, frozen.model_version, frozen.frozen_as_of, nodes.node_id, nodes.node_level,
        forecasts.mean as forecast,
        actuals.actual_gross_amount as actual,
        forecasts.mean - actuals.actual_gross_amount as error, forecasts.p90 - forecasts.p10 as width,
        abs(actuals.naive - actuals.actual_gross_amount) as naive_error,
        (
            greatest(0.1 * (actuals.actual_gross_amount - forecasts.p10), 0.9 * (forecasts.p10 - actuals.actual_gross_amount))
            + greatest(0.5 * (actuals.actual_gross_amount - forecasts.p50), 0.5 * (forecasts.p50 - actuals.actual_gross_amount))
            + greatest(0.9 * (actuals.actual_gross_amount - forecasts.p90), 0.1 * (forecasts.p90 - actuals.actual_gross_amount))
        ) / 3 as pinball,
        actuals.actual_gross_amount between forecasts.p10 and forecasts.p90 as is_covered
    from frozen
    inner join {{ ref('stg_landfall__period_forecasts') }} as forecasts
        on
            frozen.frozen_build_id = forecasts.build_id and frozen.period_id = forecasts.period_id
            and forecasts.measure = 'signed_gross_amount'
    inner join nodes on forecasts.node_id = nodes.node_id
    inner join actuals on nodes.node_id = actuals.node_id and frozen.period_id = actuals.period_id
)

select * from final
