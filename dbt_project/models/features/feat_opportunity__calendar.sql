-- Where the day lies in the period.
with final as (
    select
        deal_day_id,
        opportunity_id,
        as_of_date,
        period_ends_on - as_of_date as days_to_period_end
    from {{ ref('int_open_opportunities_as_of') }}
)

select * from final
