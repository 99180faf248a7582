-- The days that this run covers: every day of the range or its grid days, and always the last one.
with days as (
    {{ day_series(feature_from(), feature_to()) }}
),

final as (
    select
        {{ period_id('day') }} as period_id,
        day >= {{ forecast_from() }} as is_forecast_day,
        day as as_of_date,
        {{ period_start('day') }} as period_starts_on,
        {{ period_end('day') }} as period_ends_on,
        {{ cutoff('day') }} as cutoff_at
    from days
    where (day - date '1970-01-05') % {{ var('feature_every_days') }} = 0 or day = {{ feature_to() }}
)

select * from final
