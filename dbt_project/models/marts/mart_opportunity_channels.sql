-- Which channels are measurable for the owner of each open deal: where the owner's contacts are recorded nowhere, silence says nothing.
with spine as (
    select opportunity_id, owner_id, as_of_date from {{ ref('int_open_opportunities_as_of') }}
    where as_of_date = {{ as_of() }}
),

contacts as (
    select owner_id, channel, occurred_on from {{ ref('fct_interaction') }}
    where owner_id is not null and occurred_on > {{ as_of() }} - 365 and occurred_on <= {{ as_of() }}
),

channels as (
    select
        owner_id,
        channel,
        count(*) as contacts_count_365d,
        sum(case when occurred_on > {{ as_of() }} - 30 then 1 else 0 end) as contacts_count_30d
    from contacts
    group by owner_id, channel
),

ranked as (
    select
        *,
        row_number() over (partition by owner_id order by contacts_count_365d desc, channel asc) as channel_rank
    from channels
),

owners as (
    select
        owner_id,
        max(case when channel_rank = 1 then channel end) as main_channel,
        string_agg(case when contacts_count_30d > 0 then channel end, ', ' order by channel) as measurable_channels,
        cast(sum(contacts_count_30d) as integer) as owner_contacts_count_30d,
        bool_or(channel_rank = 1 and contacts_count_30d > 0) as is_main_channel_measurable
    from ranked
    group by owner_id
),

final as (
    select
        {{ build_id() }} as build_id,
        spine.opportunity_id,
        spine.owner_id,
        owners.main_channel,
        owners.measurable_channels,
        coalesce(owners.owner_contacts_count_30d, 0) as owner_contacts_count_30d,
        coalesce(owners.is_main_channel_measurable, false) as is_main_channel_measurable,
        spine.as_of_date as as_of
    from spine
    left join owners on spine.owner_id = owners.owner_id
)

select * from final
