-- Every won deal of the day with its orders in the ERP, or the reason why there is none.
with deals as (
    select
        closings.opportunity_id, closings.owner_id, closings.account_id, closings.won_gross_amount, closings.closed_on,
        headers.name, headers.currency, headers.original_amount, headers.contract_number
    from {{ ref('int_closing_versions') }} as closings
    inner join {{ ref('int_opportunity_versions') }} as headers
        on closings.opportunity_id = headers.opportunity_id and {{ known('headers', as_of_cutoff()) }}
    where closings.outcome = 'won' and {{ known('closings', as_of_cutoff()) }}
),

orders as (
    select
        opportunity_id,
        min(order_number) filter (where is_matched) as order_number,
        min(matched_by) filter (where is_matched) as matched_by,
        count(*) filter (where is_matched) as orders_count,
        count(*) filter (where not is_matched) as doubtful_count,
        sum(gross_amount) filter (where is_matched) as ordered_gross_amount,
        min(ordered_on) filter (where is_matched) as ordered_on
    from {{ ref('int_orders_matched') }}
    group by opportunity_id
),

erp as (
    select count(*) as lines_count from {{ ref('stg_kingdee__orders') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

final as (
    select
        {{ build_id() }} as build_id,
        deals.opportunity_id,
        deals.owner_id,
        deals.account_id,
        deals.name as opportunity_name,
        deals.contract_number,
        orders.order_number,
        orders.matched_by,
        case
            when coalesce(orders.orders_count, 0) > 0 then null
            when erp.lines_count = 0 then 'no_orders_were_read'
            when deals.closed_on > {{ as_of() }} - 3 then 'won_within_3_days'
            when orders.doubtful_count > 0 then 'several_orders_or_deals_fit'
            when deals.contract_number is null then 'no_contract_number_and_no_order_like_it'
            else 'no_order_with_this_contract_number_or_like_it'
        end as reason,
        coalesce(deals.currency, {{ base_currency() }}) as currency,
        deals.original_amount as original_gross_amount,
        deals.won_gross_amount,
        cast(orders.ordered_gross_amount as numeric(18, 2)) as ordered_gross_amount,
        cast(coalesce(orders.orders_count, 0) as integer) as orders_count,
        coalesce(orders.orders_count, 0) > 0 as is_mapped,
        deals.closed_on,
        orders.ordered_on,
        {{ as_of() }} as as_of
    from deals
    cross join erp
    left join orders on deals.opportunity_id = orders.opportunity_id
)

select * from final
