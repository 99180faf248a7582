-- How much of each receivable, receipt and refund is settled by matches, as known on the day of the run. A match counts while every bill it
-- names is approved and exists; a refund's sides are negative, as is what it settles.
with documents as (
    select 'AR_receivable' as form, receivable_number as bill_number, document_status
    from {{ ref('stg_kingdee__receivables') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
    union
    select 'AR_RECEIVEBILL' as form, receipt_number as bill_number, document_status
    from {{ ref('stg_kingdee__receipts') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
    union
    select 'AR_REFUNDBILL' as form, refund_number as bill_number, document_status
    from {{ ref('stg_kingdee__refunds') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

sides as (
    select
        sides.match_id, sides.form, sides.bill_number, sides.matched_original_gross_amount, sides.matched_gross_amount,
        bool_and(documents.bill_number is not null) over (partition by sides.match_id) as is_whole
    from {{ ref('stg_kingdee__matches') }} as sides
    left join documents
        on sides.form = documents.form and sides.bill_number = documents.bill_number and documents.document_status = 'C'
    where {{ known('sides', as_of_cutoff()) }} and not sides.is_late and not sides.is_deleted
),

final as (
    select
        form,
        bill_number,
        sum(matched_original_gross_amount) as matched_original_gross_amount,
        sum(matched_gross_amount) as matched_gross_amount
    from sides
    where is_whole
    group by form, bill_number
)

select * from final
