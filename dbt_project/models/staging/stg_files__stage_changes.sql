-- Rows of a stage log from mapped files as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'opportunity_id') }} as opportunity_id,
        {{ json_text('record', 'stage') }} as stage_value,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ instant_of_iso(json_text('record', 'changed_at')) }} as occurred_at,
        changed_at,
        known_at
    from {{ source('landing', 'files__stage_changes') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('files__stage_changes', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as stage_change_id,
        opportunity_id,
        load_id,
        stage_value,
        is_deleted,
        is_late,
        occurred_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
