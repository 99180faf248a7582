-- Invoices of Tryton as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'party') }} as account_id,
        {{ json_text('record', 'company') }} as company_id,
        {{ json_text('record', 'number') }} as number,
        {{ json_text('record', 'type') }} as invoice_type,
        {{ json_text('record', 'state') }} as invoice_state,
        {{ json_text('record', 'currency.code') }} as currency,
        {{ number_of(json_text('record', 'untaxed_amount')) }} as original_net_amount,
        {{ number_of(json_text('record', 'tax_amount')) }} as original_tax_amount,
        {{ number_of(json_text('record', 'total_amount')) }} as original_gross_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'invoice_date')) }} as invoiced_on,
        {{ date_of_iso(json_text('record', 'accounting_date')) }} as accounted_on,
        {{ instant_of_iso(json_text('record', 'create_date')) }} as created_at,
        changed_at,
        known_at
    from {{ source('landing', 'tryton__invoices') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('tryton__invoices', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as invoice_id,
        load_id,
        account_id,
        company_id,
        number,
        invoice_type,
        invoice_state,
        currency,
        original_net_amount,
        original_tax_amount,
        original_gross_amount,
        is_deleted,
        is_late,
        invoiced_on,
        accounted_on,
        created_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
