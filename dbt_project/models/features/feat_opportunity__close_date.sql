-- When the deal is expected to close, and how often that was put off.
with final as (
    select
        deals.deal_day_id,
        deals.opportunity_id,
        deals.as_of_date,
        deals.close_date_pushes_count,
        deals.close_date_push_days,
        deals.expected_close_on - deals.as_of_date as days_to_close_date,
        case when deals.expected_close_on is not null then quarters.period_id is not null end as is_close_date_period_end
    from {{ ref('int_open_opportunities_as_of') }} as deals
    left join {{ ref('int_period_versions') }} as quarters
        on
            deals.expected_close_on = quarters.ends_on and quarters.period_kind = 'quarter'
            and {{ known('quarters', 'deals.cutoff_at') }}
)

select * from final
