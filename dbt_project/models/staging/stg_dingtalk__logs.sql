-- Logs handed in in DingTalk as versions; what they say is not read.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'creator_id') }} as creator_id,
        {{ json_text('record', 'template_name') }} as template_name,
        {{ json_text('record', 'dept_name') }} as department_name,
        {{ instant_of_ms(json_text('record', 'create_time')) }} as created_at,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'dingtalk__logs') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('dingtalk__logs', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as log_id,
        load_id,
        creator_id,
        template_name,
        department_name,
        is_deleted,
        is_late,
        created_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
