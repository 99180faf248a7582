-- For each day of the present period: the day of it and of each of the eight before it by which the same share of working days had passed.
with periods as (
    select * from {{ ref('int_review_periods') }}
    where starts_on <= {{ as_of() }}
),

-- A day before anything was known of deals tells of none.
firsts as (
    select {{ business_day("min(valid_from) - interval '1 microsecond'") }} as known_on from {{ ref('int_open_versions') }}
),

worked as (
    select
        periods.period_id, periods.period_kind, calendar.day,
        sum({{ when(is_working_day('calendar.day', 'exceptions.day_kind')) }})
            over (partition by periods.period_id order by calendar.day) as working_days,
        sum({{ when(is_working_day('calendar.day', 'exceptions.day_kind')) }}) over (partition by periods.period_id) as all_working_days
    from periods
    inner join {{ ref('int_calendar_day_versions') }} as calendar
        on periods.period_id = calendar.quarter_id and {{ known('calendar', as_of_cutoff()) }}
    left join {{ ref('int_working_day_versions') }} as exceptions
        on calendar.day = exceptions.day and {{ known('exceptions', as_of_cutoff()) }}
),

present as (
    select
        worked.day, worked.day = periods.ends_on as is_last,
        cast(worked.working_days as double precision) / worked.all_working_days as elapsed_share
    from worked
    inner join periods on worked.period_id = periods.period_id
    where worked.period_kind = 'current'
),

-- As int_forecast_windows cuts them: the first of the days that round to the same share.
reached as (
    select present.day, worked.period_id, min(worked.day) as reached_on
    from present
    inner join worked
        on
            worked.working_days >= round(present.elapsed_share * worked.all_working_days)
            and round(present.elapsed_share * worked.all_working_days) > 0
    group by present.day, worked.period_id
),

paired as (
    select
        periods.period_id, periods.period_kind, periods.starts_on, present.day,
        case
            when periods.period_kind = 'current' then present.day
            when present.is_last then periods.ends_on
            else coalesce(reached.reached_on, periods.starts_on - 1)
        end as same_on
    from periods
    cross join present
    left join reached on present.day = reached.day and periods.period_id = reached.period_id
),

final as (
    select
        paired.period_id,
        paired.period_kind,
        paired.day,
        paired.same_on,
        paired.same_on >= firsts.known_on as is_known,
        lag(paired.same_on, 1, paired.starts_on - 2) over (partition by paired.period_id order by paired.day) as previous_same_on
    from paired
    cross join firsts
)

select * from final
