-- Open deals that have stood at their stage longer than nine in ten won deals of their process did.
with won_stays as (
    select
        sales_process, stage_code, count(days_in_stage) as won_count,
        {{ percentile_of('days_in_stage', 0.75) }} as won_days_p75,
        {{ percentile_of('days_in_stage', 0.9) }} as won_days_p90
    from {{ ref('int_stage_cohorts') }}
    where is_won and days_in_stage is not null and entered_on > {{ as_of() }} - {{ var('rate_window_days') }}
    group by sales_process, stage_code
),

final as (
    select
        {{ build_id() }} as build_id,
        deals.opportunity_id,
        deals.owner_id,
        deals.opportunity_name,
        deals.sales_process,
        deals.stage_code,
        deals.gross_amount,
        deals.days_in_stage,
        cast(won_stays.won_days_p75 as numeric(9, 1)) as won_days_p75,
        cast(won_stays.won_days_p90 as numeric(9, 1)) as won_days_p90,
        cast(won_stays.won_count as integer) as won_count,
        deals.stage_entered_on,
        {{ as_of() }} as as_of
    from {{ ref('int_deals_as_of') }} as deals
    inner join won_stays on deals.sales_process = won_stays.sales_process and deals.stage_code = won_stays.stage_code
    where deals.outcome = 'open' and deals.days_in_stage > won_stays.won_days_p90
)

select * from final
