-- Which member of WeCom follows which contact, as versions; contacts are tokens.
with records as (
    select
        record_id,
        load_id,
        split_part(record_id, '|', 1) as member_id,
        split_part(record_id, '|', 2) as contact_id,
        {{ json_text('record', 'remark_corp_name') }} as company_name,
        {{ json_text('record', 'state') }} as channel_state,
        {{ instant_of_ms(json_text('record', 'createtime') ~ " || '000'") }} as followed_at,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'wecom__follow_relations') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('wecom__follow_relations', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as relation_id,
        member_id,
        contact_id,
        load_id,
        company_name,
        channel_state,
        is_deleted,
        is_late,
        followed_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
