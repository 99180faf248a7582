{#-
    Leads of one channel as versions; what a channel does not tell is null. `mail`, `phone`: the record's keys of these; the others are expressions
    on its record. A channel that says less about itself is named by its system and knows its leads by the record's id.
-#}
{% macro channel_leads(system, part, company=none, campaign=none, phone=none, mail=none, channel=none, lead_id='record_id', submitted='changed_at') -%}
    {%- set untold = 'cast(null as text)' -%}
with records as (
    select
        record_id,
        load_id,
        {{ channel or "'" ~ system ~ "'" }} as channel,
        {{ lead_id }} as channel_lead_id,
        {{ part }} as part_name,
        {{ company or untold }} as company_name,
        {{ campaign or untold }} as campaign_name,
        {{ json_token('record', phone) if phone else untold }} as phone_token,
        {{ json_token('record', mail) if mail else untold }} as mail_token,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ submitted }} as submitted_at,
        changed_at,
        known_at
    from {{ source('landing', system ~ '__leads') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed(system ~ '__leads', 'record_id') }}
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
{%- endmacro %}
