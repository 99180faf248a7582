-- The days that this run covers: every day of the range or its grid days, and always the last one.
with series as (
    {{ day_series(feature_from(), feature_to()) }}
),

days as (
    select day, {{ cutoff('day') }} as cutoff_at from series
    where (day - date '1970-01-05') % {{ var('feature_every_days') }} = 0 or day = {{ feature_to() }}
),

final as (
    select
        calendar.quarter_id as period_id,
        days.day >= {{ forecast_from() }} as is_forecast_day,
        days.day as as_of_date,
        calendar.quarter_starts_on as period_starts_on,
        calendar.quarter_ends_on as period_ends_on,
        days.cutoff_at
    from days
    inner join {{ ref('int_calendar_day_versions') }} as calendar on days.day = calendar.day and {{ known('calendar', 'days.cutoff_at') }}
)

select * from final
