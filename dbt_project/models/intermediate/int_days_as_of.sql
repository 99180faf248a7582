-- Ten years back and three ahead, by the calendar and the holidays known on the day of the run.
with days as (
    select * from {{ ref('int_calendar_day_versions') }} as calendar
    where {{ known('calendar', as_of_cutoff()) }} and day between {{ as_of() }} - 3653 and {{ as_of() }} + 1096
),

exceptions as (
    select * from {{ ref('int_working_day_versions') }} as exceptions
    where {{ known('exceptions', as_of_cutoff()) }}
),

-- A year is known once somebody said of one of its days that it is a holiday or made up for.
announced as (
    select distinct extract(year from day) as announced_year from exceptions
),

judged as (
    select
        days.*, exceptions.name as holiday_name,
        coalesce(
            exceptions.day_kind, case when {{ is_working_day('days.day', 'exceptions.day_kind') }} then 'working' else 'weekend' end
        ) as day_kind,
        {{ is_working_day('days.day', 'exceptions.day_kind') }} as is_working_day,
        announced.announced_year is not null as is_announced
    from days
    left join exceptions on days.day = exceptions.day
    left join announced on extract(year from days.day) = announced.announced_year
),

-- Days on which the festival of their own year lies, and of the year before.
final as (
    select
        judged.day,
        judged.month_id,
        judged.quarter_id,
        judged.year_id,
        judged.day_kind,
        judged.holiday_name,
        sum({{ when('judged.is_working_day') }}) over (order by judged.day) as working_day_number,
        judged.day - festivals.spring_festival_on as days_to_spring_festival,
        judged.is_working_day,
        judged.is_announced,
        judged.day - festivals.spring_festival_on + former.spring_festival_on as spring_festival_day_before
    from judged
    left join {{ ref('spring_festivals') }} as festivals on extract(year from judged.day) = festivals.festival_year
    left join {{ ref('spring_festivals') }} as former on festivals.festival_year - 1 = former.festival_year
)

select * from final
