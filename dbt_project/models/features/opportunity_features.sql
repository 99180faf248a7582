{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        full_refresh=false,
        pre_hook="{{ more_memory() }}", post_hook="{{ gather_statistics() }}",
        indexes=[{'columns': ['as_of_date', 'opportunity_id', 'revision'], 'unique': true}]
    )
}}
{%- set features = features_of(model) -%}
-- One row per open deal and day as known that day: appended, never rewritten; a corrected past day gets a higher revision.
with spine as (
    select * from {{ ref('int_open_opportunities_as_of') }}
),

computed as (
    select
        spine.opportunity_id, spine.as_of_date, spine.owner_id, spine.account_id, spine.period_id,
        {% for name, origin in features %}{{ origin }}.{{ name }},
        {% endfor -%}
        greatest(stage_path.latest_event_at, interactions.latest_event_at) as latest_event_at,
        greatest(
            stage_path.latest_known_at, amount.latest_known_at, interactions.latest_known_at, account.latest_known_at,
            owner.latest_known_at, custom.latest_known_at
        ) as latest_known_at,
        spine.cutoff_at
    from spine
    {% for theme in ['stage_path', 'amount', 'close_date', 'interactions', 'account', 'owner', 'calendar', 'custom'] -%}
    left join {{ ref('feat_opportunity__' ~ theme) }} as {{ theme }} on spine.deal_day_id = {{ theme }}.deal_day_id
    {% endfor %}
),

hashed as (
    select *, {{ digest_of(features | map('first')) }} as features_hash from computed
),

{{ feature_news('opportunity_id') }}

final as (
    select
        opportunity_id,
        as_of_date,
        revision,
        owner_id,
        account_id,
        period_id,
        {% for name, _ in features %}{{ name }},
        {% endfor -%}
        features_hash,
        latest_event_at,
        latest_known_at,
        cutoff_at
    from news
)

select * from final
order by as_of_date, opportunity_id
