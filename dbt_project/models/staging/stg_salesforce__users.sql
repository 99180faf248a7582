-- Users of Salesforce as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'UserRoleId') }} as role_id,
        {{ json_text('record', 'ManagerId') }} as manager_id,
        {{ json_text('record', 'Name') }} as name,
        {{ json_text('record', 'UserType') }} as user_type,
        coalesce({{ flag_of(json_text('record', 'IsActive')) }}, false) as is_active,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'salesforce__users') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('salesforce__users', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as user_id,
        load_id,
        role_id,
        manager_id,
        name,
        user_type,
        is_active,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
