-- Each source of leads at its last reading: what it showed, what was loaded, what was set aside, and which of its leads the CRM lacks. Of a
-- day that was read again it is the reading of the whole day, not the one of its last hour: a rerun says what the night said.
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
        row_number() over (
            partition by system order by window_to desc, window_from asc nulls first, length(load_id) desc, load_id desc
        ) as place
    from {{ ref('stg_landfall__loads') }}
    where stream = 'leads' and system in ('hubspot', 'baidu', 'tencent', 'lead_files', 'webhook')
),

walk_parts as (
    select
        walks.system,
        -- lists are counted file by file; the pieces of the other sources' walks are added up
        case when walks.system = 'lead_files' then parts.part_name else '' end as part_name,
        walks.load_id,
        walks.place,
        walks.as_of as read_on,
        parts.received_count,
        parts.landed_count + parts.unchanged_count as loaded_count,
        parts.quarantined_count
    from walks
    inner join {{ ref('stg_landfall__load_parts') }} as parts on walks.load_id = parts.load_id
),

parts as (
    select
        system,
        part_name,
        load_id,
        place,
        read_on,
        sum(received_count) as source_count,
        sum(loaded_count) as loaded_count,
        sum(quarantined_count) as quarantined_count
    from walk_parts
    group by system, part_name, load_id, place, read_on
),

latest_parts as (
    select
        *,
        row_number() over (partition by system, part_name order by place) as reading
    from parts
),

sources as (
    select system, part_name, read_on, source_count, loaded_count, quarantined_count from latest_parts
    where reading = 1 and (place = 1 or system = 'lead_files')
    union all
    select
        walks.system,
        '' as part_name,
        walks.as_of as read_on,
        walks.received as source_count,
        walks.landed + walks.unchanged as loaded_count,
        walks.quarantined as quarantined_count
    from walks
    left join parts on walks.load_id = parts.load_id
    where walks.place = 1 and walks.system <> 'lead_files' and parts.load_id is null
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
        cast(sources.source_count as integer) as source_count,
        cast(sources.loaded_count as integer) as loaded_count,
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
