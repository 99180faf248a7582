-- How near the published forecasts of closed periods came, by the day on which they stood frozen: at each node and over all nodes below it.
with frozen as (
    select * from {{ ref('mart_forecast_accuracy__frozen') }}
),

nodes as (
    select * from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }}
),

above as (
    select node_id, ancestor_id from {{ ref('int_org_ancestors') }}
    where as_of_date = {{ as_of() }}
),

-- The naive forecast is what the same quarter of the year before brought.
actuals as (
    select *, lag(actual_gross_amount, 4) over (partition by node_id order by starts_on) as naive from {{ ref('int_period_actuals') }}
),

compared as (
    select
        frozen.period_id, frozen.horizon, frozen.frozen_on, nodes.node_id, nodes.node_level, forecasts.mean as forecast,
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
),

spans as (
    select compared.*, above.ancestor_id, compared.period_id as span_id from compared
    inner join above on compared.node_id = above.node_id
    union all
    select compared.*, above.ancestor_id, 'all' as span_id from compared
    inner join above on compared.node_id = above.node_id
),

final as (
    select
        {{ build_id() }} as build_id,
        ancestor_id as node_id,
        node_level as measured_level,
        horizon,
        span_id as period_id,
        cast(count(*) as integer) as forecasts_count,
        cast(sum(forecast) as numeric(18, 2)) as forecast_gross_amount,
        cast(sum(actual) as numeric(18, 2)) as actual_gross_amount,
        cast(sum(abs(error)) as numeric(18, 2)) as absolute_error_gross_amount,
        {{ ratio('sum(actual)', 'sum(forecast)') }} as attainment_of_forecast_rate,
        1 - {{ ratio('sum(abs(error))', 'sum(actual)') }} as accuracy_rate,
        {{ ratio('sum(error)', 'sum(actual)') }} as bias_rate,
        {{ ratio('sum(case when naive_error is not null then abs(error) end)', 'sum(naive_error)') }} as relative_error_rate,
        {{ ratio('sum(pinball)', 'sum(case when pinball is not null then actual end)') }} as pinball_rate,
        cast(count(width) as integer) as ranged_count,
        cast(sum(case when is_covered then 1 else 0 end) as integer) as covered_count,
        {{ ratio('sum(case when is_covered then 1 else 0 end)', 'count(width)') }} as interval_coverage_rate,
        {{ ratio('sum(width)', 'sum(case when width is not null then actual end)') }} as interval_width_rate,
        case when span_id <> 'all' then max(frozen_on) end as frozen_on,
        {{ as_of() }} as as_of
    from spans
    group by ancestor_id, node_level, horizon, span_id
)

select * from final
