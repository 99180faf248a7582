-- Receivables (invoices) of the ERP, one entry a row, as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'FID') }} as receivable_id,
        {{ json_text('record', 'FBillNo') }} as receivable_number,
        {{ json_text('record', 'FORDERNUMBER') }} as order_number,
        {{ json_text('record', 'FCUSTOMERID.FNumber') }} as customer_number,
        {{ json_name('record', 'FCUSTOMERID.FName') }} as customer_name,
        {{ json_text('record', 'FCURRENCYID.FCODE') }} as currency,
        {{ json_text('record', 'FMATERIALID.FNumber') }} as material_number,
        {{ json_text('record', 'FDOCUMENTSTATUS') }} as document_status,
        {{ number_of(json_text('record', 'FEntryTaxRate'), 'numeric(6, 2)') }} as tax_rate_percent,
        {{ number_of(json_text('record', 'FALLAMOUNTFOR_D')) }} as original_gross_amount,
        {{ number_of(json_text('record', 'FNoTaxAmountFor_D')) }} as original_net_amount,
        {{ number_of(json_text('record', 'FALLAMOUNT_D')) }} as gross_amount,
        {{ number_of(json_text('record', 'FNOTAXAMOUNT_D')) }} as net_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'FDATE')) }} as invoiced_on,
        {{ date_of_iso(json_text('record', 'FENDDATE_H')) }} as due_on,
        {{ date_of_iso(json_text('record', 'FApproveDate')) }} as approved_on,
        changed_at,
        known_at
    from {{ source('landing', 'kingdee__receivables') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('kingdee__receivables', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as receivable_line_id,
        load_id,
        receivable_id,
        receivable_number,
        order_number,
        customer_number,
        customer_name,
        currency,
        material_number,
        document_status,
        tax_rate_percent,
        original_gross_amount,
        original_net_amount,
        gross_amount,
        net_amount,
        is_deleted,
        is_late,
        invoiced_on,
        due_on,
        approved_on,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
