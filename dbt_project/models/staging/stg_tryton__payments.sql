-- Payment orders of Tryton as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'party') }} as account_id,
        {{ json_text('record', 'line') }} as receivable_id,
        {{ json_text('record', 'line.move.origin') }} as origin,
        {{ json_text('record', 'company') }} as company_id,
        {{ json_text('record', 'number') }} as number,
        {{ json_text('record', 'kind') }} as payment_kind,
        {{ json_text('record', 'state') }} as payment_state,
        {{ json_text('record', 'currency.code') }} as currency,
        {{ number_of(json_text('record', 'amount')) }} as original_gross_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'date')) }} as paid_on,
        changed_at,
        known_at
    from {{ source('landing', 'tryton__payments') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('tryton__payments', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as payment_id,
        load_id,
        account_id,
        receivable_id,
        case when origin like 'account.invoice,%' then split_part(origin, ',', 2) end as invoice_id,
        company_id,
        number,
        payment_kind,
        payment_state,
        currency,
        original_gross_amount,
        is_deleted,
        is_late,
        paid_on,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
