-- What a member of WeCom did on a day, as versions: totals of all their contacts, which tell of the member and never of a deal.
with records as (
    select
        record_id,
        load_id,
        split_part(record_id, '|', 1) as member_id,
        {{ business_day(instant_of_ms(json_text('record', 'stat_time') ~ " || '000'")) }} as done_on,
        cast({{ number_of(json_text('record', 'chat_cnt')) }} as integer) as chats_count,
        cast({{ number_of(json_text('record', 'message_cnt')) }} as integer) as messages_count,
        cast({{ number_of(json_text('record', 'negative_feedback_cnt')) }} as integer) as blocks_count,
        cast({{ number_of(json_text('record', 'new_apply_cnt')) }} as integer) as applications_count,
        cast({{ number_of(json_text('record', 'new_contact_cnt')) }} as integer) as contacts_count,
        {{ number_of(json_text('record', 'reply_percentage')) }} / 100 as reply_rate,
        {{ number_of(json_text('record', 'avg_reply_time')) }} as reply_minutes,
        coalesce({{ flag_of(json_text('record', 'is_provisional')) }}, false) as is_provisional,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'wecom__member_days') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('wecom__member_days', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as member_day_id,
        member_id,
        load_id,
        chats_count,
        messages_count,
        blocks_count,
        applications_count,
        contacts_count,
        reply_rate,
        reply_minutes,
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
