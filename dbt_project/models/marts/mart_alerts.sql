-- What deserves a person's attention in this build: one row per cause, by the rules in the settings of the day, with its sentence.
{%- set columns = 'rule, subject_id, node_id, owner_id, manager_id, sentence_zh, sentence_en, weight' %}
with rules as (
    select * from {{ ref('int_setting_versions') }} as versions
    where kind = 'alert_rule' and is_enabled and {{ known('versions', as_of_cutoff()) }}
),

words as (
    select words.*, rules.threshold, rules.days_count, rules.day_kind, rules.stage_code
    from {{ ref('alert_words') }} as words
    inner join rules on words.rule = rules.key
),

managers as (
    select node_id, manager_id from {{ ref('int_node_managers') }}
    where as_of_date = {{ as_of() }}
),

working_days as (
    select day, max(case when day = {{ as_of() }} then working_day_number end) over () - working_day_number as working_days_since
    from {{ ref('dim_date') }}
),

deals as (
    select
        deals.*, managers.manager_id,
        coalesce(deals.days_since_last_interaction, deals.age_days) as silent_days,
        working_days.working_days_since as silent_working_days
    from {{ ref('mart_open_opportunities') }} as deals
    left join managers on deals.owner_id = managers.node_id
    left join working_days
        on {{ as_of() }} - coalesce(deals.days_since_last_interaction, deals.age_days) = working_days.day
),

silence as (
    select
        words.rule, deals.opportunity_id as subject_id, deals.owner_id as node_id, deals.owner_id, deals.manager_id,
        {{ sentences([
            ['days', 'cast(deals.silent_days as text)'], ['amount', ten_thousands('deals.open_gross_amount')],
            ['stage', 'deals.stage_name_zh', 'deals.stage_name_en'], ['owner', 'deals.owner_name'], ['account', 'deals.account_name'],
            ['deal', 'deals.opportunity_name'],
        ]) }},
        coalesce(deals.open_gross_amount, 0) as weight
    from deals
    inner join words on deals.stage_code = words.stage_code
    -- where the owner's contacts are recorded nowhere, silence is no sign
    inner join {{ ref('mart_opportunity_channels') }} as channels
        on deals.opportunity_id = channels.opportunity_id and channels.is_main_channel_measurable
    where
        words.rule = 'silence'
        and case
            when words.day_kind = 'working'
                then deals.silent_working_days
            else deals.silent_days
        end >= words.days_count
),

probability_jump as (
    select
        words.rule, deals.opportunity_id as subject_id, deals.owner_id as node_id, deals.owner_id, deals.manager_id,
        {{ sentences([
            ['before', hundredths('deals.previous_p_win_by_period_end')], ['after', hundredths('deals.p_win_by_period_end')],
            ['amount', ten_thousands('deals.open_gross_amount')], ['owner', 'deals.owner_name'], ['account', 'deals.account_name'],
            ['deal', 'deals.opportunity_name'],
        ]) }},
        deals.open_gross_amount as weight
    from deals
    inner join words on words.rule = 'probability_jump' and abs(deals.p_win_by_period_end_change) >= words.threshold
    left join rules as key_deals on key_deals.key = 'key_deal'
    where deals.open_gross_amount >= coalesce(key_deals.threshold, 0)
),

region_gap as (
    select
        words.rule, forecasts.node_id || ' ' || forecasts.period_id as subject_id, forecasts.node_id,
        cast(null as text) as owner_id, managers.manager_id,
        {{ sentences([
            ['share', hundredths('forecasts.mean / forecasts.target')], ['amount', ten_thousands('forecasts.mean')],
            ['target', ten_thousands('forecasts.target')], ['region', 'forecasts.node_name'],
        ]) }},
        forecasts.gap as weight
    from {{ ref('mart_period_forecast') }} as forecasts
    inner join words on words.rule = 'region_gap' and forecasts.mean < words.threshold * forecasts.target
    left join managers on forecasts.node_id = managers.node_id
    where forecasts.node_level = 'region' and forecasts.target > 0
),

candidates as (
    {% for theme in ['silence', 'probability_jump', 'region_gap', ref('mart_alerts__gates'), ref('mart_alerts__operations')] -%}
    select {{ columns }} from {{ theme }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        {{ build_id() }} as build_id,
        candidates.rule || '|' || candidates.subject_id as alert_key,
        candidates.rule,
        candidates.subject_id,
        candidates.node_id,
        candidates.owner_id,
        candidates.manager_id,
        words.title_zh,
        words.title_en,
        candidates.sentence_zh,
        candidates.sentence_en,
        words.tells,
        words.priority,
        cast(candidates.weight as numeric(18, 2)) as weight,
        {{ as_of() }} as as_of
    from candidates
    inner join words on candidates.rule = words.rule
)

select * from final
