-- Leads of Tencent's advertising as versions.
with records as (
    select
        record_id,
        load_id,
        'tencent' as channel,
        record_id as channel_lead_id,
        {{ json_text('record', 'leads_type') }} as part_name,
        cast(null as text) as company_name,
        {{ json_text('record', 'campaign_name') }} as campaign_name,
        {{ json_token('record', 'leads_telephone') }} as phone_token,
        {{ json_token('record', 'leads_email') }} as mail_token,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at as submitted_at,
        changed_at,
        known_at
    from {{ source('landing', 'tencent__leads') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('tencent__leads', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id,
        load_id,
        channel,
        channel_lead_id,
        part_name,
        company_name,
        campaign_name,
        phone_token,
        mail_token,
        is_deleted,
        is_late,
        submitted_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
