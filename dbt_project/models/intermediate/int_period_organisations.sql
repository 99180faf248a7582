-- The day whose organisation each period that began has: its last day, or today while it runs; where we knew no organisation yet, the first known.
with firsts as (
    select min(valid_from) as known_from from {{ ref('int_department_versions') }}
    union all
    select min(valid_from) as known_from from {{ ref('int_person_versions') }}
),

known_since as (
    select {{ business_day('max(known_from)') }} as known_on from firsts
),

final as (
    select
        periods.period_id,
        least(greatest(periods.ends_on, coalesce(known_since.known_on, periods.ends_on)), {{ as_of() }}) as as_of_date
    from {{ ref('int_review_periods') }} as periods
    cross join known_since
    where periods.starts_on <= {{ as_of() }}
)

select final.*, {{ cutoff('as_of_date') }} as cutoff_at from final
