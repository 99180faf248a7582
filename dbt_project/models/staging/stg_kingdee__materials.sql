-- Materials of the ERP, as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'FNumber') }} as material_number,
        {{ json_text('record', 'FName') }} as material_name,
        {{ json_text('record', 'FMaterialGroup.FNumber') }} as material_group,
        {{ json_text('record', 'FBaseUnitId.FName') }} as base_unit,
        {{ json_text('record', 'FErpClsID') }} as material_kind,
        {{ json_text('record', 'FForbidStatus') }} as forbid_status,
        {{ json_text('record', 'FDocumentStatus') }} as document_status,
        {{ number_of(json_text('record', 'FFixLeadTime'), 'numeric(8, 2)') }} as lead_time_days,
        {{ number_of(json_text('record', 'FSafeStock'), 'numeric(18, 6)') }} as safety_stock_quantity,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'kingdee__materials') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('kingdee__materials', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as material_id,
        load_id,
        material_number,
        material_name,
        material_group,
        base_unit,
        material_kind,
        forbid_status,
        document_status,
        lead_time_days,
        safety_stock_quantity,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
