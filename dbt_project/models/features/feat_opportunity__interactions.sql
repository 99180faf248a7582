{%- set days_ago = 'spine.as_of_date - interactions.occurred_on' -%}
-- How often and how lately the customer was met, of the contacts that were known that day.
with met as (
    select
        spine.deal_day_id,
        {% for days in [14, 30, 90] -%}
        sum(case when {{ days_ago }} < {{ days }} then 1 else 0 end) as interactions_count_{{ days }}d,
        {% endfor -%}
        sum(case when {{ days_ago }} < 90 and interactions.direction = 'in' then 1 else 0 end) as inbound_count_90d,
        sum(case when {{ days_ago }} < 90 and interactions.channel in ('meeting', 'visit') then 1 else 0 end) as meetings_count_90d,
        {% for channel in ['call', 'visit', 'message', 'mail', 'meeting', 'other'] -%}
        max(case when {{ days_ago }} < 90 and interactions.channel = '{{ channel }}' then 1 else 0 end) as has_{{ channel }},
        {% endfor -%}
        max(interactions.occurred_at) as latest_event_at,
        max(interactions.valid_from) as latest_known_at
    from {{ ref('int_open_opportunities_as_of') }} as spine
    inner join {{ ref('int_interaction_versions') }} as interactions
        on
            spine.opportunity_id = interactions.opportunity_id
            and {{ known('interactions', 'spine.cutoff_at') }}
            and interactions.occurred_on <= spine.as_of_date
    group by spine.deal_day_id
),

final as (
    select
        met.deal_day_id,
        spine.opportunity_id,
        spine.as_of_date,
        cast(met.interactions_count_14d as integer) as interactions_count_14d,
        cast(met.interactions_count_30d as integer) as interactions_count_30d,
        cast(met.interactions_count_90d as integer) as interactions_count_90d,
        cast(met.inbound_count_90d as integer) as inbound_count_90d,
        cast(met.meetings_count_90d as integer) as meetings_count_90d,
        spine.as_of_date - {{ business_day('met.latest_event_at') }} as days_since_last_interaction,
        met.has_call + met.has_visit + met.has_message + met.has_mail + met.has_meeting + met.has_other as interaction_channels_count_90d,
        met.latest_event_at,
        met.latest_known_at
    from met
    inner join {{ ref('int_open_opportunities_as_of') }} as spine on met.deal_day_id = spine.deal_day_id
)

select * from final
