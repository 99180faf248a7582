-- Fields that a tenant added to its CRM, as known each day: one line a feature.
with final as (
    select
        spine.deal_day_id,
        spine.opportunity_id,
        spine.as_of_date,
        deals.bid_on - spine.as_of_date as days_to_bid,
        deals.valid_from as latest_known_at
    from {{ ref('int_open_opportunities_as_of') }} as spine
    inner join {{ ref('stg_fxiaoke__opportunities') }} as deals
        on spine.opportunity_id = deals.opportunity_id and {{ known('deals', 'spine.cutoff_at') }}
)

select * from final
