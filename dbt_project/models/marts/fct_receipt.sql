-- Every receipt and refund that the ERP shows on the day: what of it is matched, what stands unapplied, and when it is cash.
with documents as (
    select
        'receipt' as kind, 'AR_RECEIVEBILL' as form, receipt_id as document_id, receipt_number as document_number, customer_number,
        customer_name, currency, settlement_number, document_status, original_gross_amount, gross_amount, received_on as paid_on
    from {{ ref('stg_kingdee__receipts') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
    union all
    select
        'refund' as kind, 'AR_REFUNDBILL' as form, refund_id as document_id, refund_number as document_number, customer_number,
        customer_name, currency, settlement_number, document_status, -original_gross_amount as original_gross_amount,
        -gross_amount as gross_amount, refunded_on as paid_on
    from {{ ref('stg_kingdee__refunds') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

receipts as (
    select
        kind, form, document_id,
        min(document_number) as document_number,
        min(customer_number) as customer_number,
        min(customer_name) as customer_name,
        min(currency) as currency,
        min(settlement_number) as settlement_number,
        min(document_status) as document_status,
        sum(original_gross_amount) as original_gross_amount,
        sum(gross_amount) as gross_amount,
        min(paid_on) as paid_on
    from documents
    group by kind, form, document_id
),

bills as (
    select receipt_number, min(bill_status) as bill_status, min(matures_on) as matures_on, min(status_on) as status_on
    from {{ ref('stg_kingdee__bills') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted and receipt_number is not null
    group by receipt_number
),

-- Ways of paying that bills came with: a reversed bill has no bill of its own, and never was cash.
bill_settlements as (
    select distinct receipts.settlement_number from receipts
    inner join bills on receipts.document_number = bills.receipt_number
    where receipts.settlement_number is not null
),

judged as (
    select
        receipts.*,
        bills.bill_status,
        bills.matures_on,
        coalesce(receipts.document_status = 'C', false) as is_approved,
        bills.receipt_number is not null
        or coalesce(receipts.settlement_number in (select settlement_number from bill_settlements), false) as is_bill,
        coalesce(settled.matched_gross_amount, 0) as matched_gross_amount,
        case when bills.bill_status in ('collected', 'discounted') then bills.status_on end as bill_cash_on
    from receipts
    left join {{ ref('int_settlements_summed') }} as settled
        on receipts.form = settled.form and receipts.document_number = settled.bill_number
    left join bills on receipts.document_number = bills.receipt_number and receipts.kind = 'receipt'
),

final as (
    select
        {{ build_id() }} as build_id,
        'kingdee' as system,
        kind,
        document_id as receipt_id,
        document_number as receipt_number,
        customer_number,
        customer_name,
        document_status,
        bill_status,
        currency,
        cast(original_gross_amount as numeric(18, 2)) as original_gross_amount,
        cast(gross_amount as numeric(18, 2)) as gross_amount,
        cast(matched_gross_amount as numeric(18, 2)) as matched_gross_amount,
        cast(case when is_approved then gross_amount - matched_gross_amount else 0 end as numeric(18, 2)) as unapplied_gross_amount,
        is_approved,
        is_bill,
        gross_amount < 0 as is_reversal,
        paid_on,
        matures_on,
        case when is_approved then case when is_bill then bill_cash_on else paid_on end end as cash_on,
        {{ as_of() }} as as_of
    from judged
)

select * from final
