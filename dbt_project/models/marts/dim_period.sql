-- Months, quarters and years of the tenant's calendar, with their working days and how many of them have passed.
with periods as (
    select * from {{ ref('int_period_versions') }} as periods
    where {{ known('periods', as_of_cutoff()) }}
),

days as (
    select * from {{ ref('int_days_as_of') }}
),

review as (
    select period_id, period_kind as review_kind, same_day_on from {{ ref('int_review_periods') }}
),

measured as (
    select
        periods.period_id, periods.period_kind, periods.starts_on, periods.ends_on, min(days.quarter_id) as quarter_id,
        min(days.year_id) as year_id,
        count(days.day) as days_count,
        sum({{ when('days.is_working_day') }}) as working_days_count,
        sum({{ when('days.is_working_day and days.day <= ' ~ as_of()) }}) as elapsed_working_days_count,
        min({{ when('days.is_announced') }}) = 1 as is_announced
    from periods
    inner join days on periods.starts_on <= days.day and days.day <= periods.ends_on
    group by periods.period_id, periods.period_kind, periods.starts_on, periods.ends_on
),

-- Whole periods only: the first and the last one of the days that we keep may be cut.
final as (
    select
        {{ build_id() }} as build_id,
        measured.period_id,
        measured.period_kind,
        case when measured.period_kind = 'month' then measured.quarter_id end as quarter_id,
        case when measured.period_kind <> 'year' then measured.year_id end as year_id,
        review.review_kind,
        cast(measured.days_count as integer) as days_count,
        cast(measured.working_days_count as integer) as working_days_count,
        cast(measured.elapsed_working_days_count as integer) as elapsed_working_days_count,
        {{ ratio('measured.elapsed_working_days_count', 'measured.working_days_count') }} as elapsed_rate,
        measured.is_announced,
        measured.starts_on,
        measured.ends_on,
        review.same_day_on,
        {{ as_of() }} as as_of
    from measured
    left join review on measured.period_id = review.period_id
    where measured.days_count = measured.ends_on - measured.starts_on + 1
)

select * from final
