-- Bills of material, one component a row, as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'FID') }} as bom_id,
        {{ json_text('record', 'FNumber') }} as bom_number,
        {{ json_text('record', 'FMATERIALID.FNumber') }} as material_number,
        {{ json_text('record', 'FMATERIALIDCHILD.FNumber') }} as component_number,
        {{ json_text('record', 'FDocumentStatus') }} as document_status,
        {{ number_of(json_text('record', 'FNUMERATOR'), 'numeric(18, 6)') }} as numerator,
        {{ number_of(json_text('record', 'FDENOMINATOR'), 'numeric(18, 6)') }} as denominator,
        {{ number_of(json_text('record', 'FSCRAPRATE'), 'numeric(18, 6)') }} as scrap_rate_percent,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'kingdee__boms') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('kingdee__boms', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as bom_line_id,
        load_id,
        bom_id,
        bom_number,
        material_number,
        component_number,
        document_status,
        numerator,
        denominator,
        scrap_rate_percent,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
