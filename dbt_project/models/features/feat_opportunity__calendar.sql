-- Where the day lies in the period and in the year.
with days as (
    select
        days.as_of_date,
        years.ends_on - days.as_of_date as days_to_year_end
    from {{ ref('int_as_of_days') }} as days
    inner join {{ ref('int_period_versions') }} as years
        on
            years.period_kind = 'year' and days.as_of_date between years.starts_on and years.ends_on
            and {{ known('years', 'days.cutoff_at') }}
),

final as (
    select
        spine.deal_day_id,
        spine.opportunity_id,
        spine.as_of_date,
        spine.period_ends_on - spine.as_of_date as days_to_period_end,
        days.days_to_year_end
    from {{ ref('int_open_opportunities_as_of') }} as spine
    left join days on spine.as_of_date = days.as_of_date
)

select * from final
