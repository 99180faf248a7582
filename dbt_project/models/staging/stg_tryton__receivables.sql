-- Ledger lines of what customers owe and paid, as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'party') }} as account_id,
        {{ json_text('record', 'move.origin') }} as origin,
        {{ json_text('record', 'invoice_payment') }} as paid_invoice_id,
        {{ json_text('record', 'reconciliation') }} as reconciliation_id,
        {{ json_text('record', 'move.company') }} as company_id,
        {{ json_text('record', 'move.state') }} as move_state,
        {{ number_of(json_text('record', 'debit')) }} as debit_gross_amount,
        {{ number_of(json_text('record', 'credit')) }} as credit_gross_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'date')) }} as booked_on,
        {{ date_of_iso(json_text('record', 'maturity_date')) }} as due_on,
        changed_at,
        known_at
    from {{ source('landing', 'tryton__receivables') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('tryton__receivables', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as receivable_id,
        load_id,
        account_id,
        case when origin like 'account.invoice,%' then split_part(origin, ',', 2) end as invoice_id,
        paid_invoice_id,
        reconciliation_id,
        company_id,
        move_state,
        debit_gross_amount,
        credit_gross_amount,
        is_deleted,
        is_late,
        booked_on,
        due_on,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
