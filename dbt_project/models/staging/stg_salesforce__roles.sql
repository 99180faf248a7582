-- Roles of Salesforce as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'ParentRoleId') }} as parent_id,
        {{ json_text('record', 'Name') }} as name,
        coalesce({{ json_text('record', 'PortalType') }}, 'None') <> 'None' as is_of_portal,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'salesforce__roles') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('salesforce__roles', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as role_id,
        load_id,
        parent_id,
        name,
        is_of_portal,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
