-- Which leads become deals: the share that was converted within 90 days, by source, by industry, by how soon somebody spoke to them, and by
-- the tenth of the first published score, the likeliest first (lift: a tenth's share beside that of all).
with leads as (
    select
        outcomes.lead_id, outcomes.is_converted, versions.owner_id, versions.created_at,
        coalesce(versions.lead_source, 'none') as lead_source, coalesce(versions.industry, 'none') as industry
    from {{ ref('lead_outcomes') }} as outcomes
    inner join {{ ref('int_lead_versions') }} as versions on outcomes.lead_id = versions.lead_id and {{ known('versions', as_of_cutoff()) }}
    where outcomes.is_converted is not null and outcomes.created_on > {{ as_of() }} - {{ var('rate_window_days') }}
),

contacts as (
    select leads.lead_id, min(contacts.occurred_at) as first_at from leads
    inner join {{ ref('int_lead_contact_versions') }} as contacts
        on
            leads.lead_id = contacts.lead_id and {{ known('contacts', as_of_cutoff()) }} and contacts.occurred_at >= leads.created_at
            and coalesce(contacts.direction, '') <> 'in'
    group by leads.lead_id
),

-- The first score that people were shown; one made in hindsight told nobody anything.
scores as (
    select
        scores.lead_id, scores.p_convert_90d,
        row_number() over (partition by scores.lead_id order by builds.first_publication_id) as place
    from {{ ref('stg_landfall__lead_scores') }} as scores
    inner join {{ ref('stg_landfall__builds') }} as builds
        on
            scores.build_id = builds.build_id and not coalesce(builds.is_hindsight, false)
            and {{ before_this_build('builds.first_publication_id') }}
),

tenths as (
    select leads.lead_id, ntile(10) over (order by scores.p_convert_90d desc, leads.lead_id asc) as tenth from leads
    inner join scores on leads.lead_id = scores.lead_id and scores.place = 1
),

described as (
    select
        leads.*, tenths.tenth,
        case
            when contacts.first_at is null then '6_never'
            when contacts.first_at <= leads.created_at + interval '1 hour' then '1_hour'
            when contacts.first_at <= leads.created_at + interval '4 hours' then '2_four_hours'
            when contacts.first_at <= leads.created_at + interval '24 hours' then '3_day'
            when contacts.first_at <= leads.created_at + interval '72 hours' then '4_three_days'
            else '5_later'
        end as response
    from leads
    left join contacts on leads.lead_id = contacts.lead_id
    left join tenths on leads.lead_id = tenths.lead_id
),

sliced as (
    select owner_id, is_converted, 'all' as slice_kind, 'all' as slice_value from described
    union all
    select owner_id, is_converted, 'lead_source' as slice_kind, lead_source as slice_value from described
    union all
    select owner_id, is_converted, 'industry' as slice_kind, industry as slice_value from described
    union all
    select owner_id, is_converted, 'response' as slice_kind, response as slice_value from described
    union all
    select owner_id, is_converted, 'score_tenth' as slice_kind, lpad(cast(tenth as text), 2, '0') as slice_value from described
    where tenth is not null
),

nodes as (
    select * from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }}
),

companies as (
    select node_id from nodes
    where node_level = 'company'
),

placed as (
    select
        ancestors.ancestor_id as node_id, sliced.slice_kind, sliced.slice_value, count(*) as n, sum({{ when('sliced.is_converted') }}) as converted
    from sliced
    cross join companies
    left join nodes on sliced.owner_id = nodes.node_id and nodes.node_level = 'rep'
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on ancestors.as_of_date = {{ as_of() }} and coalesce(nodes.node_id, companies.node_id) = ancestors.node_id
    group by ancestors.ancestor_id, sliced.slice_kind, sliced.slice_value
),

final as (
    select
        {{ build_id() }} as build_id,
        node_id,
        slice_kind,
        slice_value,
        cast(n as integer) as leads_count,
        cast(converted as integer) as converted_count,
        {{ ratio('converted', 'n') }} as conversion_rate,
        {{ wilson('converted', 'n', '-') }} as conversion_rate_low,
        {{ wilson('converted', 'n', '+') }} as conversion_rate_high,
        {{ as_of() }} as as_of
    from placed
)

select * from final
