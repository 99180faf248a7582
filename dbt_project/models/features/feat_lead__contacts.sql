{%- set days_ago = 'spine.as_of_date - contacts.occurred_on' -%}
-- How soon and how often the lead was spoken to, of the contacts that were known that day.
with final as (
    select
        spine.lead_day_id,
        cast(sum(case when {{ days_ago }} < 14 then 1 else 0 end) as integer) as contacts_count_14d,
        cast(count(*) as integer) as contacts_count_90d,
        cast(sum(case when contacts.direction = 'in' then 1 else 0 end) as integer) as inbound_count_90d,
        min({{ days_ago }}) as days_since_last_contact,
        min(contacts.occurred_at) as first_contact_at,
        max(contacts.occurred_at) as latest_event_at,
        max(contacts.valid_from) as latest_known_at
    from {{ ref('int_open_leads_as_of') }} as spine
    inner join {{ ref('int_lead_contact_versions') }} as contacts
        on
            spine.lead_id = contacts.lead_id
            and {{ known('contacts', 'spine.cutoff_at') }}
            and contacts.occurred_on between spine.as_of_date - 89 and spine.as_of_date
    group by spine.lead_day_id
)

select * from final
