-- How a member's customer groups in WeCom fared on a day, as versions.
with records as (
    select
        record_id,
        load_id,
        split_part(record_id, '|', 1) as member_id,
        {{ business_day(instant_of_ms(json_text('record', 'stat_time') ~ " || '000'")) }} as done_on,
        cast({{ number_of(json_text('record', 'new_chat_cnt')) }} as integer) as new_groups_count,
        cast({{ number_of(json_text('record', 'chat_total')) }} as integer) as groups_count,
        cast({{ number_of(json_text('record', 'chat_has_msg')) }} as integer) as active_groups_count,
        cast({{ number_of(json_text('record', 'member_total')) }} as integer) as people_count,
        cast({{ number_of(json_text('record', 'member_has_msg')) }} as integer) as active_people_count,
        cast({{ number_of(json_text('record', 'msg_total')) }} as integer) as messages_count,
        coalesce({{ flag_of(json_text('record', 'is_provisional')) }}, false) as is_provisional,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'wecom__group_days') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('wecom__group_days', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as group_day_id,
        member_id,
        load_id,
        new_groups_count,
        groups_count,
        active_groups_count,
        people_count,
        active_people_count,
        messages_count,
        is_provisional,
        is_deleted,
        is_late,
        done_on,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
