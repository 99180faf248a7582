-- Employees of the CRM as versions.
with records as (
    select
        record_id,
        load_id,
        coalesce({{ json_text('record', 'user_id') }}, record_id) as person_id,
        {{ json_text('record', 'full_name') }} as name,
        {{ json_first('record', 'main_department') }} as department_id,
        {{ json_text('record', 'position__c') }} as position,
        {{ json_text('record', 'status') }} = '0' as is_active,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'fxiaoke__people') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('fxiaoke__people', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id,
        person_id,
        load_id,
        department_id,
        name,
        position,
        is_active,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
