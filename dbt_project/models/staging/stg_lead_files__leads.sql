-- Rows of lists of leads as versions; their id is that of their list, or file and line.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'channel') }} as channel,
        {{ json_text('record', 'lead_id') }} as channel_lead_id,
        {{ json_text('record', 'file') }} as part_name,
        {{ json_name('record', 'company') }} as company_name,
        {{ json_text('record', 'campaign') }} as campaign_name,
        {{ json_token('record', 'phone') }} as phone_token,
        {{ json_token('record', 'mail') }} as mail_token,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ instant_of_iso(json_text('record', 'submitted_at')) }} as submitted_at,
        changed_at,
        known_at
    from {{ source('landing', 'lead_files__leads') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('lead_files__leads', 'record_id') }}
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
