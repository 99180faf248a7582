-- Departments of the CRM as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'name') }} as name,
        {{ json_first('record', 'parent_id') }} as parent_id,
        {{ json_text('record', 'dept_kind__c') }} as department_kind,
        {{ json_first('record', 'manager_id') }} as manager_id,
        {{ json_text('record', 'status') }} as status,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'fxiaoke__departments') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('fxiaoke__departments', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as department_id,
        load_id,
        name,
        parent_id,
        department_kind,
        manager_id,
        status,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
