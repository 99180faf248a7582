-- One row per lead across the channels and the CRM: where it came from first, whether it is in the CRM, and what became of it there.
with channel_leads as (
    select
        channel_leads.*,
        matched.lead_id as crm_lead_id,
        matched.evidence,
        coalesce(
            matched.lead_id, channel_leads.phone_token, channel_leads.mail_token, channel_leads.system || '|' || channel_leads.record_id
        ) as lead_key
    from {{ ref('int_channel_leads') }} as channel_leads
    left join {{ ref('int_channel_leads_matched') }} as matched
        on channel_leads.system = matched.system and channel_leads.record_id = matched.record_id
),

inquiries as (
    select
        *,
        count(*) over (partition by lead_key) as inquiries_count,
        row_number() over (partition by lead_key order by submitted_at, system, record_id) as place
    from channel_leads
),

first_inquiries as (
    select * from inquiries
    where place = 1
),

crm_leads as (
    select * from {{ ref('int_crm_leads') }}
),

final as (
    select
        {{ build_id() }} as build_id,
        coalesce(crm_leads.lead_id, inquiries.lead_key) as lead_id,
        crm_leads.lead_id as crm_lead_id,
        inquiries.system,
        inquiries.channel,
        inquiries.channel_lead_id,
        crm_leads.owner_id,
        crm_leads.account_id,
        crm_leads.opportunity_id,
        inquiries.part_name,
        inquiries.campaign_name,
        inquiries.evidence,
        coalesce(crm_leads.company_name, inquiries.company_name) as company_name,
        crm_leads.lead_source,
        crm_leads.biz_status,
        crm_leads.lead_stage,
        cast(coalesce(inquiries.inquiries_count, 0) as integer) as inquiries_count,
        inquiries.record_id is not null as is_in_channel,
        crm_leads.lead_id is not null as is_in_crm,
        {{ as_of() }} as as_of,
        inquiries.submitted_at,
        crm_leads.created_at,
        crm_leads.assigned_at,
        crm_leads.converted_at
    from first_inquiries as inquiries
    full outer join crm_leads on inquiries.lead_key = crm_leads.lead_id
)

select * from final
