-- Deliveries of the ERP, one entry a row, as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'FID') }} as delivery_id,
        {{ json_text('record', 'FBillNo') }} as delivery_number,
        {{ json_text('record', 'FSoorDerno') }} as order_number,
        {{ json_text('record', 'FCustomerID.FNumber') }} as customer_number,
        {{ json_name('record', 'FCustomerID.FName') }} as customer_name,
        {{ json_text('record', 'FMaterialID.FNumber') }} as material_number,
        {{ json_text('record', 'FStockID.FNumber') }} as stock_number,
        {{ json_text('record', 'FDocumentStatus') }} as document_status,
        {{ number_of(json_text('record', 'FRealQty'), 'numeric(18, 6)') }} as quantity,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'FDate')) }} as delivered_on,
        {{ date_of_iso(json_text('record', 'FApproveDate')) }} as approved_on,
        changed_at,
        known_at
    from {{ source('landing', 'kingdee__deliveries') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('kingdee__deliveries', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as delivery_line_id,
        load_id,
        delivery_id,
        delivery_number,
        order_number,
        customer_number,
        customer_name,
        material_number,
        stock_number,
        document_status,
        quantity,
        is_deleted,
        is_late,
        delivered_on,
        approved_on,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
