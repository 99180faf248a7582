-- Every deal that is not withdrawn, open or closed: what it is, where it stands, what it is worth, by all that is known. Nothing here moves with the day
-- alone; int_deals_as_of adds what does.
with deals as (
    select * from {{ ref('int_opportunity_versions') }} as versions
    where {{ stands('versions') }} and not is_withdrawn and {{ among_changed('int_opportunity_versions', 'opportunity_id') }}
),

paths as (
    select * from {{ ref('int_stage_path_versions') }} as versions
    where {{ stands('versions') }} and {{ among_changed('int_stage_path_versions', 'opportunity_id') }}
),

closings as (
    select * from {{ ref('int_closing_versions') }} as versions
    where {{ stands('versions') }} and {{ among_changed('int_closing_versions', 'opportunity_id') }}
),

stages as (
    select key as stage_code, stage_order from {{ ref('int_setting_versions') }} as versions
    where kind = 'stage' and {{ stands('versions') }}
),

nodes as (
    select * from {{ ref('int_org_leaves') }}
),

companies as (
    select node_id from nodes
    where node_level = 'company'
),

stood as (
    select
        deals.*,
        paths.stage_value, paths.stage_code, paths.stage_set_rate, paths.stage_regressions_count, paths.stage_skips_count,
        coalesce(paths.outcome, 'open') as outcome,
        -- below zero an open deal has none, as in int_open_versions
        case when paths.outcome <> 'open' or deals.original_amount >= 0 then deals.original_amount end as amount,
        paths.entered_at, closings.closed_on, closings.is_backfilled,
        {{ business_day('deals.created_at') }} as created_on,
        -- a closed deal keeps the rate of its closing day
        case when closings.closed_on is null then {{ end_of_knowledge() }} else {{ cutoff('closings.closed_on') }} end as rated_at
    from deals
    left join paths on deals.opportunity_id = paths.opportunity_id
    left join closings on deals.opportunity_id = closings.opportunity_id
),

final as (
    select
        stood.opportunity_id,
        stood.system,
        stood.account_id,
        stood.owner_id,
        coalesce(reps.node_id, companies.node_id) as leaf_node_id,
        stood.name as opportunity_name,
        case when stood.is_renewal then 'renewal' else 'new' end as pipeline,
        coalesce(stood.sales_process, '*') as sales_process,
        stood.product_line,
        stood.lead_source,
        case when stood.dealer_id is null then 'direct' else 'dealer' end as channel,
        stood.stage_value,
        stood.stage_code,
        stood.outcome,
        stood.forecast_category,
        stood.contract_number,
        stood.lost_reason,
        coalesce(stood.currency, {{ base_currency() }}) as currency,
        stood.amount as original_gross_amount,
        rates.fx_rate,
        cast(round(stood.amount * rates.fx_rate, 2) as numeric(18, 2)) as gross_amount,
        taxes.tax_rate,
        cast(round(stood.amount * rates.fx_rate / (1 + taxes.tax_rate), 2) as numeric(18, 2)) as net_amount,
        stages.stage_order,
        cast(stood.stage_set_rate as numeric(9, 6)) as stage_set_rate,
        stood.rep_probability_percent,
        stood.stage_regressions_count,
        stood.stage_skips_count,
        stood.close_date_pushes_count,
        stood.close_date_pull_ins_count,
        coalesce(stood.amount, 0) > 0 as has_amount,
        coalesce(stood.is_backfilled, false) as is_backfilled,
        stood.created_on,
        stood.expected_close_on,
        stood.closed_on,
        {{ business_day('stood.entered_at') }} as stage_entered_on,
        stood.created_at
    from stood
    cross join companies
    left join nodes as reps on coalesce(stood.owner_id, 'unassigned') = reps.node_id and reps.node_level = 'rep'
    left join stages on stood.stage_code = stages.stage_code
    left join {{ ref('int_fx_rate_versions') }} as rates
        on coalesce(stood.currency, {{ base_currency() }}) = rates.currency and {{ known('rates', 'stood.rated_at') }}
    -- the tax of its product line, else of all
    left join {{ ref('int_tax_rate_versions') }} as taxes
        on coalesce(stood.product_line, '*') = taxes.product_line and {{ known('taxes', 'stood.rated_at') }}
)

select * from final
