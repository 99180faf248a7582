-- Who wrote to whom and when, of consenting members of WeCom, as versions; contacts are tokens, content is not there.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'userid') }} as member_id,
        {{ json_token('record', 'external_userid') }} as contact_id,
        {{ json_text('record', 'direction') }} as direction,
        {{ instant_of_ms(json_text('record', 'msgtime')) }} as occurred_at,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'wecom__archive_messages') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('wecom__archive_messages', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as message_id,
        load_id,
        member_id,
        contact_id,
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
