-- Orders of the ERP with the won deal that each follows from, as known on the day of the run: by contract number, else by customer,
-- currency, amount and date where exactly one deal and one order fit.
with orders as (
    select
        order_id,
        min(order_number) as order_number,
        min(contract_number) as contract_number,
        min(currency) as currency,
        {{ company_key('min(customer_name)', is_short=true) }} as customer_key,
        sum(original_gross_amount) as original_gross_amount,
        sum(gross_amount) as gross_amount,
        min(ordered_on) as ordered_on
    from {{ ref('stg_kingdee__orders') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
    group by order_id
),

deals as (
    select
        headers.opportunity_id, headers.contract_number, headers.original_amount,
        coalesce(headers.currency, {{ base_currency() }}) as currency,
        {{ company_key('coalesce(accounts.name, headers.account_name)', is_short=true) }} as customer_key,
        closings.closed_on
    from {{ ref('int_closing_versions') }} as closings
    inner join {{ ref('int_opportunity_versions') }} as headers
        on closings.opportunity_id = headers.opportunity_id and {{ known('headers', as_of_cutoff()) }}
    left join {{ ref('int_account_versions') }} as accounts
        on headers.account_id = accounts.account_id and not accounts.is_late and {{ known('accounts', as_of_cutoff()) }}
    where closings.outcome = 'won' and {{ known('closings', as_of_cutoff()) }}
),

-- A contract number that two deals carry goes to the one of the order's amount, then to the nearer one.
by_contract as (
    select order_id, opportunity_id, 'contract_number' as matched_by, 1 as order_candidates_count, 1 as deal_candidates_count
    from (
        select
            orders.order_id, deals.opportunity_id,
            row_number() over (
                partition by orders.order_id
                order by
                    orders.original_gross_amount is distinct from deals.original_amount,
                    abs(orders.ordered_on - deals.closed_on), deals.opportunity_id
            ) as place
        from orders
        inner join deals on orders.contract_number = deals.contract_number
    ) as fitting
    where place = 1
),

by_likeness as (
    select
        orders.order_id, deals.opportunity_id, 'customer_amount_and_date' as matched_by,
        count(*) over (partition by deals.opportunity_id) as order_candidates_count,
        count(*) over (partition by orders.order_id) as deal_candidates_count
    from orders
    inner join deals
        on
            orders.customer_key = deals.customer_key
            and orders.currency = deals.currency
            and orders.original_gross_amount = deals.original_amount
            and abs(orders.ordered_on - deals.closed_on) <= 30
    where
        orders.order_id not in (select order_id from by_contract)
        and deals.opportunity_id not in (select opportunity_id from by_contract)
),

candidates as (
    select * from by_contract
    union all
    select * from by_likeness
),

final as (
    select
        candidates.order_id,
        candidates.opportunity_id,
        orders.order_number,
        candidates.matched_by,
        orders.original_gross_amount,
        orders.gross_amount,
        candidates.order_candidates_count = 1 and candidates.deal_candidates_count = 1 as is_matched,
        orders.ordered_on
    from candidates
    inner join orders on candidates.order_id = orders.order_id
)

select * from final
