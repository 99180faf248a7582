-- For each forecast day: the current period, earlier ones cut at the same share of working days, and rolling windows as long as what is left.
with days as (
    select as_of_date, cutoff_at, period_id, period_starts_on, period_ends_on, period_ends_on - as_of_date as remaining_days
    from {{ ref('int_as_of_days') }}
    where is_forecast_day
),

-- From which day on our data tell of deals, by what was known on each forecast day.
firsts as (
    select
        as_of_date,
        (
            select min(versions.created_at) from {{ ref('int_opportunity_versions') }} as versions
            where versions.valid_from <= days.cutoff_at
        ) as created_at
    from days
),

first_deals as (
    select as_of_date, {{ business_day('created_at') }} as first_on from firsts
),

steps as (
    {{ number_series(26) }}
),

-- The present period and the twelve before it, as the calendar was known on each forecast day.
ranked as (
    select
        days.as_of_date, days.cutoff_at, days.remaining_days, periods.period_id, periods.starts_on, periods.ends_on,
        row_number() over (partition by days.as_of_date order by periods.starts_on desc) - 1 as steps_back
    from days
    inner join {{ ref('int_period_versions') }} as periods
        on {{ known('periods', 'days.cutoff_at') }} and periods.starts_on <= days.as_of_date and periods.period_kind = 'quarter'
),

quarters as (
    select * from ranked
    where steps_back <= 12
),

-- Their days, with the number of working days up to each, by the holidays known on the forecast day.
worked as (
    select
        quarters.as_of_date, quarters.period_id, calendar.day,
        sum({{ when(is_working_day('calendar.day', 'exceptions.day_kind')) }})
            over (partition by quarters.as_of_date, quarters.period_id order by calendar.day) as working_days,
        sum({{ when(is_working_day('calendar.day', 'exceptions.day_kind')) }})
            over (partition by quarters.as_of_date, quarters.period_id) as all_working_days
    from quarters
    inner join {{ ref('int_calendar_day_versions') }} as calendar
        on quarters.period_id = calendar.quarter_id and {{ known('calendar', 'quarters.cutoff_at') }}
    left join {{ ref('int_working_day_versions') }} as exceptions
        on calendar.day = exceptions.day and {{ known('exceptions', 'quarters.cutoff_at') }}
),

elapsed as (
    select as_of_date, cast(working_days as double precision) / all_working_days as elapsed_share from worked
    where day = as_of_date
),

-- The day of an earlier period at which the same share of its working days had passed: the first of the days that round to it.
reached as (
    select worked.as_of_date, worked.period_id, min(worked.day) as reached_on
    from worked
    inner join elapsed on worked.as_of_date = elapsed.as_of_date
    where
        worked.working_days >= round(elapsed.elapsed_share * worked.all_working_days)
        and round(elapsed.elapsed_share * worked.all_working_days) > 0
    group by worked.as_of_date, worked.period_id
),

same_share as (
    select
        quarters.as_of_date, quarters.cutoff_at, quarters.period_id, quarters.starts_on, quarters.ends_on,
        case when quarters.remaining_days = 0 then quarters.ends_on else coalesce(reached.reached_on, quarters.starts_on - 1) end as cut_on
    from quarters
    left join reached on quarters.as_of_date = reached.as_of_date and quarters.period_id = reached.period_id
    where quarters.steps_back > 0
),

rolling as (
    select
        days.as_of_date, days.cutoff_at, days.remaining_days,
        days.as_of_date - (steps.n + 1) * days.remaining_days as cut_on, days.as_of_date - steps.n * days.remaining_days as ends_on
    from days
    inner join steps on steps.n < 26
    where days.remaining_days > 0
),

windows as (
    select
        as_of_date, cutoff_at, period_id as window_id, 'current' as window_kind, period_id,
        period_starts_on as starts_on, as_of_date as cut_on, period_ends_on as ends_on, remaining_days, false as rest_is_known
    from days
    union all
    select
        as_of_date, cutoff_at, 'period:' || period_id as window_id, 'period' as window_kind, period_id, starts_on, cut_on, ends_on,
        ends_on - cut_on as remaining_days, true as rest_is_known
    from same_share
    union all
    select
        rolling.as_of_date, rolling.cutoff_at, 'rolling:' || rolling.ends_on as window_id, 'rolling' as window_kind,
        calendar.quarter_id as period_id, rolling.cut_on + 1 as starts_on, rolling.cut_on, rolling.ends_on, rolling.remaining_days,
        true as rest_is_known
    from rolling
    inner join {{ ref('int_calendar_day_versions') }} as calendar
        on rolling.ends_on = calendar.day and {{ known('calendar', 'rolling.cutoff_at') }}
),

-- A window is of use only if its cut lies in the time that our data tell of.
final as (
    select windows.* from windows
    left join first_deals on windows.as_of_date = first_deals.as_of_date
    where windows.window_kind = 'current' or windows.cut_on >= first_deals.first_on
)

select * from final
