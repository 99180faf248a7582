-- External contacts of WeCom as versions; their ids and names are tokens.
with records as (
    select
        record_id,
        load_id,
        coalesce({{ json_text('record', 'corp_full_name') }}, {{ json_text('record', 'corp_name') }}) as company_name,
        {{ json_text('record', 'position') }} as position,
        {{ json_text('record', 'type') }} = '2' as is_wecom_user,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'wecom__contacts') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('wecom__contacts', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as contact_id,
        load_id,
        company_name,
        position,
        is_wecom_user,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
