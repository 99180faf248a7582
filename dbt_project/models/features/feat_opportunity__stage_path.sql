-- How far the deal has come and how it came there.
with final as (
    select
        deal_day_id,
        opportunity_id,
        as_of_date,
        sales_process,
        stage_code,
        stage_set_rate,
        as_of_date - {{ business_day('created_at') }} as age_days,
        as_of_date - {{ business_day('entered_at') }} as days_in_stage,
        stage_moves_count,
        stage_regressions_count,
        stage_skips_count,
        greatest(created_at, entered_at) as latest_event_at,
        known_at as latest_known_at
    from {{ ref('int_open_opportunities_as_of') }}
)

select * from final
