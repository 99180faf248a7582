-- The earlier days that a build looks back at: each period's first day and the day that lies in it as today does, and the days from which
-- movement is told.
with periods as (
    select * from {{ ref('int_review_periods') }}
    where starts_on <= {{ as_of() }}
),

days as (
    select starts_on as as_of_date, 'first_day' as day_kind from periods
    union all
    select same_day_on as as_of_date, 'same_day' as day_kind from periods
    where same_day_on is not null
    union all
    select starts_on - 1 as as_of_date, 'before_period' as day_kind from periods
    where period_kind = 'current'
    union all
    select {{ as_of() }} - 7 as as_of_date, 'week_before' as day_kind
    union all
    select {{ as_of() }} - 1 as as_of_date, 'day_before' as day_kind
),

final as (
    select
        as_of_date,
        max(case when day_kind in ('before_period', 'week_before', 'day_before') then 1 else 0 end) = 1 as is_movement_day,
        {{ cutoff('as_of_date') }} as cutoff_at
    from days
    group by as_of_date
)

select * from final
