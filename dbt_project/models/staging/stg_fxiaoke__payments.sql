-- Receipts (回款) that people enter in the CRM, as versions; a voided one counts as deleted.
with records as (
    select
        record_id as payment_id,
        load_id,
        {{ json_text('record', 'account_id') }} as account_id,
        {{ json_first('record', 'owner') }} as owner_id,
        {{ json_text('record', 'name') }} as payment_number,
        {{ json_text('record', 'receipt_no__c') }} as receipt_number,
        {{ json_text('record', 'currency__c') }} as currency,
        {{ number_of(json_text('record', 'payment_amount')) }} as original_gross_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false)
        or coalesce({{ json_text('record', 'life_status') }}, 'normal') <> 'normal' as is_deleted,
        {{ business_day(instant_of_ms(json_text('record', 'payment_time'))) }} as paid_on,
        changed_at,
        known_at
    from {{ source('landing', 'fxiaoke__payments') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('fxiaoke__payments', 'record_id') }}
),

versions as (
    {{ versions_of('records', key='payment_id') }}
)

select * from versions
