-- What the deal is worth in base currency at that day's rate, and how that moved since the first amount.
with final as (
    select
        spine.deal_day_id,
        spine.opportunity_id,
        spine.as_of_date,
        cast(round(spine.original_amount * rates.fx_rate, 2) as numeric(18, 2)) as open_gross_amount,
        -- within the deal's own currency, so that a moving rate is no change
        cast(
            round(spine.original_amount / nullif(spine.first_original_amount, 0) - 1, 6) as double precision
        ) as amount_change_ratio,
        coalesce(spine.original_amount, 0) > 0 as has_amount,
        rates.valid_from as latest_known_at
    from {{ ref('int_open_opportunities_as_of') }} as spine
    left join {{ ref('int_fx_rate_versions') }} as rates
        on coalesce(spine.currency, {{ base_currency() }}) = rates.currency and {{ known('rates', 'spine.cutoff_at') }}
)

select * from final
