-- What each side of the control of receipts counts, as known on the day of the run; entries of one pair are one thing on both sides.
with payment_since as (
    {{ standing_since(ref('stg_fxiaoke__payments'), 'payment_id',
            ['receipt_number', 'original_gross_amount', 'currency', 'paid_on', 'is_deleted']) }}
),

payments as (
    select
        versions.*, since.standing_since_on,
        cast(round(versions.original_gross_amount * rates.fx_rate, 2) as numeric(18, 2)) as gross_amount
    from {{ ref('stg_fxiaoke__payments') }} as versions
    left join {{ ref('int_fx_rate_versions') }} as rates
        on coalesce(versions.currency, {{ base_currency() }}) = rates.currency and {{ known('rates', cutoff('versions.paid_on')) }}
    left join payment_since as since on versions.payment_id = since.payment_id
    where {{ known('versions', as_of_cutoff()) }} and not versions.is_late and not versions.is_deleted
),

receipts as (
    select
        receipt_id, min(receipt_number) as receipt_number, min(currency) as currency, min(document_status) as document_status,
        sum(original_gross_amount) as original_gross_amount, sum(gross_amount) as gross_amount, min(received_on) as paid_on
    from {{ ref('stg_kingdee__receipts') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
    group by receipt_id
),

receipt_since as (
    {{ standing_since(ref('stg_kingdee__receipts'), 'receipt_id',
            ['receipt_number', 'gross_amount', 'document_status', 'received_on', 'is_deleted'], record='receipt_line_id') }}
),

received as (
    select receipts.*, since.standing_since_on
    from receipts
    left join receipt_since as since on receipts.receipt_id = since.receipt_id
),

final as (
    select
        'receipts' as control, 'here' as side, payment_id as entry_id, coalesce(receipt_number, payment_id) as pair_id, owner_id as node_id,
        payment_number as item_name, case when gross_amount is null then 'no_amount_or_rate' end as reason, currency, original_gross_amount,
        gross_amount, paid_on as dated_on, standing_since_on
    from payments
    union all
    select
        'receipts' as control, 'there' as side, receipt_id as entry_id, receipt_number as pair_id, null as node_id,
        receipt_number as item_name, case when document_status <> 'C' then 'receipt_not_approved' end as reason, currency, original_gross_amount,
        case when document_status = 'C' then gross_amount end as gross_amount, paid_on as dated_on, standing_since_on
    from received
)

select * from final
