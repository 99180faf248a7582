-- The spine: every deal that was open on each day, as known that day, with its header and its place in the funnel.
with open_deals as (
    select
        versions.*,
        days.period_id, days.as_of_date, days.period_ends_on, days.cutoff_at
    from {{ ref('int_open_versions') }} as versions
    inner join {{ ref('int_as_of_days') }} as days
        on {{ known('versions', 'days.cutoff_at') }} and versions.created_at < days.cutoff_at
),

final as (
    select
        -- one whole number for (deal, day): the features join and group by it several times
        row_number() over (order by open_deals.as_of_date, open_deals.opportunity_id) as deal_day_id,
        open_deals.opportunity_id,
        open_deals.as_of_date,
        open_deals.system,
        open_deals.account_id,
        coalesce(mergers.root_account_id, open_deals.account_id) as root_account_id,
        open_deals.owner_id,
        open_deals.period_id,
        open_deals.name,
        open_deals.account_name,
        open_deals.sales_process,
        open_deals.currency,
        open_deals.product_line,
        open_deals.lead_source,
        open_deals.stage_value,
        open_deals.stage_code,
        open_deals.original_amount,
        open_deals.first_original_amount,
        open_deals.stage_set_rate,
        open_deals.stage_moves_count,
        open_deals.stage_regressions_count,
        open_deals.stage_skips_count,
        open_deals.close_date_pushes_count,
        open_deals.close_date_push_days,
        open_deals.is_renewal,
        open_deals.expected_close_on,
        open_deals.period_ends_on,
        open_deals.created_at,
        open_deals.entered_at,
        open_deals.valid_from as known_at,
        open_deals.cutoff_at
    from open_deals
    left join {{ ref('int_account_merges_as_of') }} as mergers
        on open_deals.account_id = mergers.account_id and open_deals.as_of_date = mergers.as_of_date
)

select * from final
