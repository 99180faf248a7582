-- How near the published forecasts of closed periods came, by the day on which they stood frozen: at each node and over all nodes below it.
with compared as (
    select * from {{ ref('mart_forecast_accuracy__compared') }}
),

above as (
    select node_id, ancestor_id from {{ ref('int_org_ancestors') }}
    where as_of_date = {{ as_of() }}
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
