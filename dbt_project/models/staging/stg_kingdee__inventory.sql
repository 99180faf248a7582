-- Stock on hand by material and place, as versions; what a night no longer shows is gone.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'FMaterialId.FNumber') }} as material_number,
        {{ json_text('record', 'FMaterialId.FName') }} as material_name,
        {{ json_text('record', 'FStockId.FNumber') }} as stock_number,
        {{ json_text('record', 'FStockId.FName') }} as stock_name,
        {{ json_text('record', 'FLot.FNumber') }} as lot_number,
        {{ json_text('record', 'FBaseUnitId.FName') }} as base_unit,
        {{ number_of(json_text('record', 'FBaseQty'), 'numeric(18, 6)') }} as quantity,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'kingdee__inventory') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('kingdee__inventory', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as inventory_id,
        load_id,
        material_number,
        material_name,
        stock_number,
        stock_name,
        lot_number,
        base_unit,
        quantity,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
