-- Sales orders of the ERP, one entry a row, as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'FID') }} as order_id,
        {{ json_text('record', 'FBillNo') }} as order_number,
        {{ json_text('record', 'FCustId.FNumber') }} as customer_number,
        {{ json_name('record', 'FCustId.FName') }} as customer_name,
        {{ json_text('record', 'FSalerId.FNumber') }} as salesperson_number,
        {{ json_text('record', 'FSalerId.FName') }} as salesperson_name,
        {{ json_text('record', 'F_LF_ContractNo') }} as contract_number,
        {{ json_text('record', 'FSettleCurrId.FCODE') }} as currency,
        {{ json_text('record', 'FMaterialId.FNumber') }} as material_number,
        {{ json_name('record', 'FMaterialId.FName') }} as material_name,
        {{ json_text('record', 'FDocumentStatus') }} as document_status,
        {{ json_text('record', 'FCloseStatus') }} as close_status,
        {{ number_of(json_text('record', 'FQty'), 'numeric(18, 6)') }} as quantity,
        {{ number_of(json_text('record', 'FEntryTaxRate'), 'numeric(6, 2)') }} as tax_rate_percent,
        {{ number_of(json_text('record', 'FAllAmount')) }} as original_gross_amount,
        {{ number_of(json_text('record', 'FAmount')) }} as original_net_amount,
        {{ number_of(json_text('record', 'FAllAmount_LC')) }} as gross_amount,
        {{ number_of(json_text('record', 'FAmount_LC')) }} as net_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'FDate')) }} as ordered_on,
        {{ date_of_iso(json_text('record', 'FDeliveryDate')) }} as delivery_due_on,
        {{ date_of_iso(json_text('record', 'FApproveDate')) }} as approved_on,
        changed_at,
        known_at
    from {{ source('landing', 'kingdee__orders') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('kingdee__orders', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as order_line_id,
        load_id,
        order_id,
        order_number,
        customer_number,
        customer_name,
        salesperson_number,
        salesperson_name,
        contract_number,
        currency,
        material_number,
        material_name,
        document_status,
        close_status,
        quantity,
        tax_rate_percent,
        original_gross_amount,
        original_net_amount,
        gross_amount,
        net_amount,
        is_deleted,
        is_late,
        ordered_on,
        delivery_due_on,
        approved_on,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
