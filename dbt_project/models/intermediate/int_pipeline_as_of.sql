-- The deals that were open on each day that a build looks back at, as known that day, at that day's rate.
with open_deals as (
    select days.as_of_date, days.cutoff_at, versions.*
    from {{ ref('int_open_versions') }} as versions
    inner join {{ ref('int_review_days') }} as days
        on {{ known('versions', 'days.cutoff_at') }} and versions.created_at < days.cutoff_at
),

final as (
    select
        open_deals.opportunity_id,
        open_deals.as_of_date,
        open_deals.owner_id,
        open_deals.stage_code,
        coalesce(cast(round(open_deals.original_amount * rates.fx_rate, 2) as numeric(18, 2)), 0) as open_gross_amount,
        open_deals.expected_close_on
    from open_deals
    left join {{ ref('int_fx_rate_versions') }} as rates
        on
            coalesce(open_deals.currency, {{ base_currency() }}) = rates.currency
            and {{ known('rates', 'open_deals.cutoff_at') }}
)

select * from final
