-- Each source of leads at its last reading: what it showed, what was loaded, what was set aside, and which of its leads the CRM lacks.
with channel_leads as (
    select
        channel_leads.system,
        channel_leads.channel_lead_id,
        matched.lead_id as crm_lead_id,
        -- lists are counted file by file, the other sources as a whole
        case when channel_leads.system = 'lead_files' then channel_leads.part_name else '' end as part_name
    from {{ ref('int_channel_leads') }} as channel_leads
    left join {{ ref('int_channel_leads_matched') }} as matched
        on channel_leads.system = matched.system and channel_leads.record_id = matched.record_id
),

walks as (
    select
        *,
        row_number() over (partition by system order by window_to desc, length(load_id) desc, load_id desc) as place
    from {{ ref('stg_landfall__loads') }}
    where stream = 'leads' and system in ('hubspot', 'baidu', 'tencent', 'lead_files', 'webhook')
),

parts as (
    select
        walks.system,
        parts.part_name,
        parts.received_count,
        parts.landed_count,
        parts.unchanged_count,
        parts.quarantined_count,
        walks.as_of,
        row_number() over (
            partition by walks.system, parts.part_name order by walks.window_to desc, length(walks.load_id) desc, walks.load_id desc
        ) as place
    from {{ ref('stg_landfall__load_parts') }} as parts
    inner join walks on parts.load_id = walks.load_id
),

sources as (
    select system, part_name, received_count, landed_count, unchanged_count, quarantined_count, as_of as read_on
    from parts
    where place = 1
    union all
    select system, '' as part_name, received, landed, unchanged, quarantined, as_of as read_on
    from walks
    where place = 1 and system <> 'lead_files'
),

held as (
    select system, part_name, count(*) as held_count from channel_leads
    group by system, part_name
),

missing as (
    select
        system,
        part_name,
        channel_lead_id,
        row_number() over (partition by system, part_name order by channel_lead_id) as place
    from channel_leads
    where crm_lead_id is null
),

lacked as (
    select
        system,
        part_name,
        count(*) as missing_count,
        string_agg(case when place <= 100 then channel_lead_id end, ', ' order by place) as missing_ids
    from missing
    group by system, part_name
),

final as (
    select
        {{ build_id() }} as build_id,
        sources.system,
        sources.part_name,
        lacked.missing_ids,
        cast(sources.received_count as integer) as source_count,
        cast(sources.landed_count + sources.unchanged_count as integer) as loaded_count,
        cast(sources.landed_count as integer) as new_count,
        cast(sources.quarantined_count as integer) as quarantined_count,
        cast(coalesce(held.held_count, 0) as integer) as held_count,
        cast(coalesce(lacked.missing_count, 0) as integer) as missing_in_crm_count,
        sources.read_on,
        {{ as_of() }} as as_of
    from sources
    left join held on sources.system = held.system and sources.part_name = held.part_name
    left join lacked on sources.system = lacked.system and sources.part_name = lacked.part_name
)

select * from final
