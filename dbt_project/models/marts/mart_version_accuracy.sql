-- How right the forecasts were that each version of the model made: those frozen on the days of the review, at each node by itself.
with frozen as (
    select * from {{ ref('mart_forecast_accuracy__frozen') }}
),

nodes as (
    select * from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }}
),

compared as (
    select
        nodes.node_id, coalesce(frozen.model_version, 'none') as model_version, frozen.frozen_as_of, forecasts.mean as forecast,
        actuals.actual_gross_amount as actual, forecasts.p10 is not null as is_ranged,
        actuals.actual_gross_amount between forecasts.p10 and forecasts.p90 as is_covered
    from frozen
    inner join {{ ref('stg_landfall__period_forecasts') }} as forecasts
        on
            frozen.frozen_build_id = forecasts.build_id and frozen.period_id = forecasts.period_id
            and forecasts.measure = 'signed_gross_amount'
    inner join nodes on forecasts.node_id = nodes.node_id
    inner join {{ ref('int_period_actuals') }} as actuals on nodes.node_id = actuals.node_id and frozen.period_id = actuals.period_id
),

final as (
    select
        {{ build_id() }} as build_id,
        node_id,
        model_version,
        cast(count(*) as integer) as forecasts_count,
        cast(sum(forecast) as numeric(18, 2)) as forecast_gross_amount,
        cast(sum(actual) as numeric(18, 2)) as actual_gross_amount,
        cast(sum(abs(forecast - actual)) as numeric(18, 2)) as absolute_error_gross_amount,
        1 - {{ ratio('sum(abs(forecast - actual))', 'sum(actual)') }} as accuracy_rate,
        {{ ratio('sum(forecast - actual)', 'sum(actual)') }} as bias_rate,
        {{ ratio('sum(case when is_covered then 1 else 0 end)', 'sum(case when is_ranged then 1 else 0 end)') }} as interval_coverage_rate,
        min(frozen_as_of) as first_frozen_on,
        max(frozen_as_of) as last_frozen_on,
        {{ as_of() }} as as_of
    from compared
    group by node_id, model_version
)

select * from final
