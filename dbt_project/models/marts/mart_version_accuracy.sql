-- How right the forecasts were that each version of the model made: those frozen on the days of the review, at each node by itself.
with compared as (
    select *, coalesce(model_version, 'none') as made_by from {{ ref('mart_forecast_accuracy__compared') }}
),

final as (
    select
        {{ build_id() }} as build_id,
        node_id,
        made_by as model_version,
        cast(count(*) as integer) as forecasts_count,
        cast(sum(forecast) as numeric(18, 2)) as forecast_gross_amount,
        cast(sum(actual) as numeric(18, 2)) as actual_gross_amount,
        cast(sum(abs(error)) as numeric(18, 2)) as absolute_error_gross_amount,
        1 - {{ ratio('sum(abs(error))', 'sum(actual)') }} as accuracy_rate,
        {{ ratio('sum(error)', 'sum(actual)') }} as bias_rate,
        {{ ratio('sum(case when is_covered then 1 else 0 end)', 'count(width)') }} as interval_coverage_rate,
        min(frozen_as_of) as first_frozen_on,
        max(frozen_as_of) as last_frozen_on,
        {{ as_of() }} as as_of
    from compared
    group by node_id, made_by
)

select * from final
