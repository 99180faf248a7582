-- Which lead of the CRM a channel's lead is, and by what that is known: the channel's id, else the same phone within thirty days.
with channel_leads as (
    select * from {{ ref('int_channel_leads') }}
),

crm_leads as (
    select * from {{ ref('int_crm_leads') }}
),

matched_by_id as (
    select
        channel_leads.system,
        channel_leads.record_id,
        crm_leads.lead_id,
        'channel_lead_id' as evidence,
        row_number() over (
            partition by channel_leads.system, channel_leads.record_id order by crm_leads.created_at, crm_leads.lead_id
        ) as place
    from channel_leads
    inner join crm_leads on channel_leads.channel_lead_id = crm_leads.channel_lead_id
),

left_over as (
    select channel_leads.*
    from channel_leads
    left join matched_by_id
        on channel_leads.system = matched_by_id.system and channel_leads.record_id = matched_by_id.record_id
    where matched_by_id.record_id is null
),

matched_by_phone as (
    select
        left_over.system,
        left_over.record_id,
        crm_leads.lead_id,
        'phone' as evidence,
        row_number() over (
            partition by left_over.system, left_over.record_id
            order by abs(extract(epoch from crm_leads.created_at - left_over.submitted_at)), crm_leads.created_at, crm_leads.lead_id
        ) as place
    from left_over
    inner join crm_leads on left_over.phone_token = crm_leads.phone_token
    where
        left_over.submitted_at is null
        or crm_leads.created_at between left_over.submitted_at - interval '30 days' and left_over.submitted_at + interval '30 days'
),

final as (
    select system, record_id, lead_id, evidence from matched_by_id
    where place = 1
    union all
    select system, record_id, lead_id, evidence from matched_by_phone
    where place = 1
)

select * from final
