{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        full_refresh=false,
        pre_hook="{{ more_memory() }}", post_hook="{{ gather_statistics() }}",
        indexes=[{'columns': ['as_of_date', 'lead_id', 'revision'], 'unique': true}]
    )
}}
{%- set feature_columns = [
    'lead_source', 'channel', 'industry', 'form_kind', 'region', 'lead_status', 'lead_stage', 'age_days', 'web_visits_count',
    'hours_to_assignment', 'hours_to_first_contact', 'contacts_count_14d', 'contacts_count_90d', 'inbound_count_90d',
    'days_since_last_contact', 'inquiries_count', 'has_company', 'is_duplicated',
] -%}
-- One row per open lead and day as known that day: appended, never rewritten; a corrected past day gets a higher revision.
with spine as (
    select * from {{ ref('int_open_leads_as_of') }}
),

computed as (
    select
        spine.lead_id, spine.as_of_date, spine.owner_id, spine.lead_source, channel.channel, spine.industry, spine.form_kind, owner.region,
        spine.biz_status as lead_status, spine.lead_stage, spine.age_days, spine.web_visits_count,
        case
            when spine.assigned_at < spine.cutoff_at
                then cast(round(extract(epoch from spine.assigned_at - spine.created_at) / 3600, 1) as double precision)
        end as hours_to_assignment,
        cast(round(extract(epoch from contacts.first_contact_at - spine.created_at) / 3600, 1) as double precision)
            as hours_to_first_contact,
        contacts.contacts_count_14d, contacts.contacts_count_90d, contacts.inbound_count_90d, contacts.days_since_last_contact,
        channel.inquiries_count,
        spine.company_name is not null as has_company,
        spine.is_duplicated,
        greatest(
            spine.created_at, contacts.latest_event_at, channel.latest_event_at,
            case when spine.assigned_at < spine.cutoff_at then spine.assigned_at end
        ) as latest_event_at,
        greatest(spine.known_at, contacts.latest_known_at, channel.latest_known_at, owner.latest_known_at) as latest_known_at,
        spine.cutoff_at
    from spine
    {% for theme in ['contacts', 'channel', 'owner'] -%}
    left join {{ ref('feat_lead__' ~ theme) }} as {{ theme }} on spine.lead_day_id = {{ theme }}.lead_day_id
    {% endfor %}
),

hashed as (
    select *, {{ digest_of(feature_columns) }} as features_hash from computed
),

{{ feature_news('lead_id') }}

final as (
    select
        lead_id,
        as_of_date,
        revision,
        owner_id,
        {% for column in feature_columns -%}
        {{ column }},
        {% endfor -%}
        features_hash,
        latest_event_at,
        latest_known_at,
        cutoff_at
    from news
)

select * from final
order by as_of_date, lead_id
