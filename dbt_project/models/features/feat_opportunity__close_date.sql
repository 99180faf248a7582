-- When the deal is expected to close, and how often that was put off.
with final as (
    select
        deal_day_id,
        opportunity_id,
        as_of_date,
        close_date_pushes_count,
        close_date_push_days,
        expected_close_on - as_of_date as days_to_close_date,
        bid_on - as_of_date as days_to_bid,
        expected_close_on = {{ period_end('expected_close_on') }} as is_close_date_period_end
    from {{ ref('int_open_opportunities_as_of') }}
)

select * from final
