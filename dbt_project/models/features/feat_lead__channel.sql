-- What the channels knew of the lead that day: which one brought it first, and how many inquiries there were.
with spine as (
    select lead_day_id, channel_lead_id, phone_token, created_at, cutoff_at from {{ ref('int_open_leads_as_of') }}
),

channel_leads as (
    select * from {{ ref('int_channel_lead_versions') }}
),

matched as (
    select spine.lead_day_id, found.system, found.record_id, found.channel, found.submitted_at, found.valid_from
    from spine
    inner join channel_leads as found on spine.channel_lead_id = found.channel_lead_id and {{ known('found', 'spine.cutoff_at') }}
    union
    select spine.lead_day_id, found.system, found.record_id, found.channel, found.submitted_at, found.valid_from
    from spine
    inner join channel_leads as found
        on
            spine.phone_token = found.phone_token and {{ known('found', 'spine.cutoff_at') }}
            and found.submitted_at between spine.created_at - interval '30 days' and spine.created_at + interval '30 days'
            and found.submitted_at < spine.cutoff_at
),

inquiries as (
    select
        *,
        row_number() over (partition by lead_day_id order by submitted_at, system, record_id) as place
    from matched
),

final as (
    select
        lead_day_id,
        max(case when place = 1 then channel end) as channel,
        cast(count(*) as integer) as inquiries_count,
        max(submitted_at) as latest_event_at,
        max(valid_from) as latest_known_at
    from inquiries
    group by lead_day_id
)

select * from final
