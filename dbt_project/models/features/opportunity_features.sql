{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        full_refresh=false,
        indexes=[{'columns': ['as_of_date', 'opportunity_id', 'revision'], 'unique': true}]
    )
}}
{%- set feature_columns = [
    'sales_process', 'stage_code', 'lead_source', 'product_line', 'account_industry', 'stage_set_rate', 'age_days', 'days_in_stage',
    'stage_moves_count', 'stage_regressions_count', 'stage_skips_count', 'open_gross_amount', 'amount_change_ratio',
    'close_date_pushes_count', 'close_date_push_days', 'days_to_close_date', 'days_to_bid', 'interactions_count_14d',
    'interactions_count_30d', 'interactions_count_90d', 'inbound_count_90d', 'meetings_count_90d', 'days_since_last_interaction',
    'interaction_channels_count_90d', 'account_won_count_730d', 'account_open_count', 'owner_win_rate_365d', 'owner_open_count',
    'days_to_period_end', 'has_amount', 'is_renewal', 'is_close_date_period_end',
] -%}
-- One row per open deal and day as known that day: appended, never rewritten; a corrected past day gets a higher revision.
with spine as (
    select * from {{ ref('int_open_opportunities_as_of') }}
),

computed as (
    select
        spine.opportunity_id, spine.as_of_date, spine.owner_id, spine.account_id, spine.period_id,
        stage_path.sales_process, stage_path.stage_code, spine.lead_source, spine.product_line, account.account_industry,
        stage_path.stage_set_rate, stage_path.age_days, stage_path.days_in_stage, stage_path.stage_moves_count,
        stage_path.stage_regressions_count, stage_path.stage_skips_count, amount.open_gross_amount, amount.amount_change_ratio,
        close_date.close_date_pushes_count, close_date.close_date_push_days, close_date.days_to_close_date, close_date.days_to_bid,
        interactions.interactions_count_14d, interactions.interactions_count_30d, interactions.interactions_count_90d,
        interactions.inbound_count_90d, interactions.meetings_count_90d, interactions.days_since_last_interaction,
        interactions.interaction_channels_count_90d, account.account_won_count_730d, account.account_open_count,
        owner.owner_win_rate_365d, owner.owner_open_count, calendar.days_to_period_end,
        amount.has_amount, spine.is_renewal, close_date.is_close_date_period_end,
        greatest(stage_path.latest_event_at, interactions.latest_event_at) as latest_event_at,
        greatest(
            stage_path.latest_known_at, amount.latest_known_at, interactions.latest_known_at, account.latest_known_at,
            owner.latest_known_at
        ) as latest_known_at,
        spine.cutoff_at
    from spine
    {% for theme in ['stage_path', 'amount', 'close_date', 'interactions', 'account', 'owner', 'calendar'] -%}
    left join {{ ref('feat_opportunity__' ~ theme) }} as {{ theme }} on spine.deal_day_id = {{ theme }}.deal_day_id
    {% endfor %}
),

hashed as (
    select *, {{ digest_of(feature_columns) }} as features_hash from computed
),

{% if is_incremental() -%}
recorded as (
    select
        opportunity_id, as_of_date, revision, features_hash,
        row_number() over (partition by opportunity_id, as_of_date order by revision desc) as age
    from {{ this }}
    where as_of_date between {{ feature_from() }} and {{ feature_to() }}
),

news as (
    select hashed.*, coalesce(recorded.revision, 0) + 1 as revision
    from hashed
    left join recorded
        on hashed.opportunity_id = recorded.opportunity_id and hashed.as_of_date = recorded.as_of_date and recorded.age = 1
    where recorded.features_hash is null or recorded.features_hash <> hashed.features_hash
),
{%- else -%}
news as (
    select *, 1 as revision from hashed
),
{%- endif %}

final as (
    select
        opportunity_id,
        as_of_date,
        revision,
        owner_id,
        account_id,
        period_id,
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
order by as_of_date, opportunity_id
