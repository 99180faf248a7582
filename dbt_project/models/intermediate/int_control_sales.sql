-- What each side of the controls of sales counts, as known on the day of the run: won deals, contracts, orders. Entries of one pair are one
-- business on both sides. An entry that its side knows but does not count has no amount and says why.
with rates as (
    select * from {{ ref('int_fx_rate_versions') }}
),

won_since as (
    {{ standing_since(ref('int_closing_versions'), 'opportunity_id', ['outcome', 'closed_on', 'won_gross_amount']) }}
),

won as (
    select
        deals.*, since.standing_since_on, case when deals.gross_amount is null then 'no_amount_or_rate' end as reason
    from {{ ref('int_deals_as_of') }} as deals
    left join won_since as since on deals.opportunity_id = since.opportunity_id
    where deals.outcome = 'won'
),

-- A contract belongs to the deal it names, else to the one won deal that carries its number.
numbered as (
    select contract_number, min(opportunity_id) as opportunity_id from won
    where contract_number is not null
    group by contract_number
    having count(*) = 1
),

contract_since as (
    {{ standing_since(ref('stg_fxiaoke__contracts'), 'contract_id',
            ['contract_number', 'opportunity_id', 'original_gross_amount', 'currency', 'signed_on', 'is_deleted']) }}
),

contracts as (
    select
        versions.*, coalesce(named.opportunity_id, numbered.opportunity_id) as won_opportunity_id, since.standing_since_on,
        cast(round(versions.original_gross_amount * rates.fx_rate, 2) as numeric(18, 2)) as gross_amount
    from {{ ref('stg_fxiaoke__contracts') }} as versions
    left join won as named on versions.opportunity_id = named.opportunity_id
    left join numbered on versions.contract_number = numbered.contract_number
    left join rates
        on coalesce(versions.currency, {{ base_currency() }}) = rates.currency and {{ known('rates', cutoff('versions.signed_on')) }}
    left join contract_since as since on versions.contract_id = since.contract_id
    where {{ known('versions', as_of_cutoff()) }} and not versions.is_late and not versions.is_deleted
),

orders as (
    select
        lines.order_id, min(lines.order_number) as order_number, min(lines.contract_number) as contract_number,
        min(lines.currency) as currency, min(matched.opportunity_id) as opportunity_id,
        sum(lines.original_gross_amount) as original_gross_amount, sum(lines.gross_amount) as gross_amount,
        bool_and(coalesce(lines.document_status = 'C', false)) as is_approved, min(lines.ordered_on) as ordered_on
    from {{ ref('stg_kingdee__orders') }} as lines
    left join {{ ref('int_orders_matched') }} as matched on lines.order_id = matched.order_id and matched.is_matched
    where {{ known('lines', as_of_cutoff()) }} and not lines.is_late and not lines.is_deleted
    group by lines.order_id
),

order_since as (
    {{ standing_since(ref('stg_kingdee__orders'), 'order_id',
            ['contract_number', 'gross_amount', 'document_status', 'ordered_on', 'is_deleted'], record='order_line_id') }}
),

ordered as (
    select orders.*, since.standing_since_on, case when not orders.is_approved then 'order_not_approved' end as reason
    from orders
    left join order_since as since on orders.order_id = since.order_id
),

final as (
    select
        controls.control, 'here' as side, won.opportunity_id as entry_id, won.opportunity_id as pair_id, won.leaf_node_id as node_id,
        won.opportunity_name as item_name, won.reason, won.currency, won.original_gross_amount, won.gross_amount,
        won.closed_on as dated_on, won.standing_since_on
    from won
    inner join {{ ref('controls') }} as controls on controls.control in ('won_contracts', 'won_orders')
    union all
    select
        'won_contracts' as control, 'there' as side, contract_id as entry_id, coalesce(won_opportunity_id, contract_id) as pair_id,
        owner_id as node_id,
        contract_number as item_name, null as reason, currency, original_gross_amount,
        gross_amount, signed_on as dated_on, standing_since_on
    from contracts
    union all
    select
        'contracts_orders' as control, 'here' as side, contract_id as entry_id, coalesce(contract_number, contract_id) as pair_id,
        owner_id as node_id,
        contract_number as item_name, null as reason, currency, original_gross_amount,
        gross_amount, signed_on as dated_on, standing_since_on
    from contracts
    union all
    select
        'contracts_orders' as control, 'there' as side, order_id as entry_id, coalesce(contract_number, order_id) as pair_id,
        null as node_id, order_number as item_name, reason, currency, original_gross_amount, case when is_approved then gross_amount end as gross_amount,
        ordered_on as dated_on, standing_since_on
    from ordered
    union all
    select
        'won_orders' as control, 'there' as side, order_id as entry_id, coalesce(opportunity_id, order_id) as pair_id, null as node_id,
        order_number as item_name,
        reason, currency, original_gross_amount, case when is_approved then gross_amount end as gross_amount, ordered_on as dated_on,
        standing_since_on
    from ordered
)

select * from final
