-- Contacts from mapped files as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'opportunity_id') }} as opportunity_id,
        {{ json_text('record', 'kind') }} as kind_value,
        {{ json_text('record', 'direction') }} as direction,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ instant_of_iso(json_text('record', 'occurred_at')) }} as occurred_at,
        changed_at,
        known_at
    from {{ source('landing', 'files__interactions') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('files__interactions', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as interaction_id,
        opportunity_id,
        load_id,
        kind_value,
        direction,
        is_deleted,
        is_late,
        occurred_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
