-- Purchase orders of the ERP, one entry a row, as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'FID') }} as purchase_order_id,
        {{ json_text('record', 'FBillNo') }} as purchase_order_number,
        {{ json_text('record', 'FSupplierId.FNumber') }} as supplier_number,
        {{ json_text('record', 'FSupplierId.FName') }} as supplier_name,
        {{ json_text('record', 'FMaterialId.FNumber') }} as material_number,
        {{ json_text('record', 'FDocumentStatus') }} as document_status,
        {{ json_text('record', 'FCloseStatus') }} as close_status,
        {{ number_of(json_text('record', 'FQty'), 'numeric(18, 6)') }} as quantity,
        {{ number_of(json_text('record', 'FStockInQty'), 'numeric(18, 6)') }} as received_quantity,
        {{ number_of(json_text('record', 'FTaxPrice'), 'numeric(18, 6)') }} as original_unit_gross_price,
        {{ number_of(json_text('record', 'FAllAmount')) }} as original_gross_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'FDate')) }} as ordered_on,
        {{ date_of_iso(json_text('record', 'FDeliveryDate')) }} as delivery_due_on,
        {{ date_of_iso(json_text('record', 'FApproveDate')) }} as approved_on,
        changed_at,
        known_at
    from {{ source('landing', 'kingdee__purchase_orders') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('kingdee__purchase_orders', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as purchase_line_id,
        load_id,
        purchase_order_id,
        purchase_order_number,
        supplier_number,
        supplier_name,
        material_number,
        document_status,
        close_status,
        quantity,
        received_quantity,
        original_unit_gross_price,
        original_gross_amount,
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
