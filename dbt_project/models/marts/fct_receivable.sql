-- Every receivable that the ERP shows on the day, and what of it is still open: its amount less its matches (核销).
with receivables as (
    select
        receivable_id,
        min(receivable_number) as receivable_number,
        min(order_number) as order_number,
        min(customer_number) as customer_number,
        min(customer_name) as customer_name,
        min(currency) as currency,
        min(document_status) as document_status,
        sum(original_gross_amount) as original_gross_amount,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount,
        min(invoiced_on) as invoiced_on,
        min(due_on) as due_on
    from {{ ref('stg_kingdee__receivables') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
    group by receivable_id
),

settled as (
    select * from {{ ref('int_settlements_summed') }}
    where form = 'AR_receivable'
),

orders as (
    select order_number, min(opportunity_id) as opportunity_id from {{ ref('int_orders_matched') }}
    where is_matched
    group by order_number
),

judged as (
    select
        receivables.*,
        orders.opportunity_id,
        coalesce(receivables.document_status = 'C', false) as is_approved,
        coalesce(settled.matched_gross_amount, 0) as matched_gross_amount,
        case
            when receivables.document_status = 'C' then receivables.gross_amount - coalesce(settled.matched_gross_amount, 0)
            else 0
        end as open_gross_amount
    from receivables
    left join settled on receivables.receivable_number = settled.bill_number
    left join orders on receivables.order_number = orders.order_number
),

final as (
    select
        {{ build_id() }} as build_id,
        'kingdee' as system,
        receivable_id,
        opportunity_id,
        receivable_number,
        order_number,
        customer_number,
        customer_name,
        document_status,
        currency,
        cast(original_gross_amount as numeric(18, 2)) as original_gross_amount,
        cast(gross_amount as numeric(18, 2)) as gross_amount,
        cast(net_amount as numeric(18, 2)) as net_amount,
        cast(matched_gross_amount as numeric(18, 2)) as matched_gross_amount,
        cast(open_gross_amount as numeric(18, 2)) as open_gross_amount,
        case when open_gross_amount <> 0 then greatest({{ as_of() }} - due_on, 0) end as days_past_due_count,
        is_approved,
        gross_amount < 0 as is_red_letter,
        invoiced_on,
        due_on,
        {{ as_of() }} as as_of
    from judged
)

select * from final
