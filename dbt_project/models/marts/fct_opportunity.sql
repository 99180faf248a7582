-- Deals as known today, with what proves their end: every open one, and those closed since the first period that pages show.
with periods as (
    select min(starts_on) as first_on from {{ ref('int_review_periods') }}
),

final as (
    select
        {{ build_id() }} as build_id,
        deals.opportunity_id,
        deals.owner_id,
        deals.leaf_node_id,
        deals.account_id,
        deals.opportunity_name,
        deals.pipeline,
        deals.sales_process,
        deals.product_line,
        deals.lead_source,
        deals.channel,
        deals.stage_code,
        deals.outcome,
        deals.forecast_category,
        deals.contract_number,
        deals.lost_reason,
        deals.currency,
        deals.original_gross_amount,
        deals.fx_rate,
        deals.gross_amount,
        deals.tax_rate,
        deals.net_amount,
        deals.stage_set_rate,
        deals.days_in_stage,
        deals.close_date_pushes_count,
        deals.close_date_pull_ins_count,
        deals.has_amount,
        deals.is_backfilled,
        case when deals.outcome = 'won' then deals.contract_number is not null end as is_won_verified,
        case when deals.outcome = 'lost' then deals.lost_reason is not null end as is_lost_verified,
        deals.outcome = 'open' and deals.expected_close_on < {{ as_of() }} as is_past_due,
        deals.created_on,
        deals.expected_close_on,
        deals.closed_on,
        deals.fx_rate_date,
        {{ as_of() }} as as_of
    from {{ ref('int_deals_as_of') }} as deals
    cross join periods
    where deals.outcome = 'open' or deals.closed_on >= periods.first_on
)

select * from final
