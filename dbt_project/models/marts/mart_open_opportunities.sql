-- Every open deal of the day with its latest score, the change since the build before, and the reasons.
with spine as (
    select * from {{ ref('int_open_opportunities_as_of') }}
    where as_of_date = {{ as_of() }}
),

period as (
    select starts_on from {{ ref('int_review_periods') }}
    where period_kind = 'current'
),

features as (
    {{ recorded_features(as_of()) }}
),

scores as (
    select * from {{ ref('stg_landfall__opportunity_scores') }}
    where build_id = {{ build_id() }}
),

previous as (
    select scores.opportunity_id, scores.p_win_by_period_end, scores.p_win_ever, builds.as_of
    from {{ ref('stg_landfall__opportunity_scores') }} as scores
    inner join {{ ref('int_previous_build') }} as builds on scores.build_id = builds.build_id
),

week_before as (
    select scores.opportunity_id, scores.p_win_by_period_end
    from {{ ref('stg_landfall__opportunity_scores') }} as scores
    inner join {{ ref('int_week_before_build') }} as builds on scores.build_id = builds.build_id
),

accounts as (
    select account_id, name from {{ ref('int_account_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late
),

people as (
    select person_id, name from {{ ref('int_person_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

stages as (
    select key as stage_code, name_zh, name_en from {{ ref('int_setting_versions') }} as versions
    where kind = 'stage' and {{ known('versions', as_of_cutoff()) }}
),

placed as (
    select
        nodes.opportunity_id,
        max(case when org.node_level = 'team' then org.node_id end) as team_id,
        max(case when org.node_level = 'team' then org.name end) as team_name,
        max(case when org.node_level = 'region' then org.node_id end) as region_id,
        max(case when org.node_level = 'region' then org.name end) as region_name
    from {{ ref('opportunity_nodes') }} as nodes
    inner join {{ ref('int_org_nodes') }} as org on nodes.as_of_date = org.as_of_date and nodes.node_id = org.node_id
    where nodes.as_of_date = {{ as_of() }}
    group by nodes.opportunity_id
),

final as (
    select
        {{ build_id() }} as build_id,
        spine.opportunity_id,
        spine.system,
        spine.root_account_id as account_id,
        spine.owner_id,
        placed.team_id,
        placed.region_id,
        spine.period_id,
        calendar.quarter_id as close_period_id,
        spine.name as opportunity_name,
        coalesce(accounts.name, spine.account_name) as account_name,
        coalesce(people.name, spine.owner_id) as owner_name,
        placed.team_name,
        placed.region_name,
        spine.sales_process,
        spine.stage_code,
        coalesce(stages.name_zh, spine.stage_value) as stage_name_zh,
        coalesce(stages.name_en, spine.stage_value) as stage_name_en,
        spine.currency,
        {{ band_of('scores.p_win_by_period_end') }} as band,
        scores.tier,
        scores.model_version,
        scores.reason_text,
        scores.reason_keys,
        scores.reasons,
        spine.original_amount,
        features.open_gross_amount,
        coalesce(scores.final_gross_amount, features.open_gross_amount) as final_gross_amount,
        {{ expected_amount('scores.p_win_by_period_end', 'coalesce(scores.final_gross_amount, features.open_gross_amount)') }}
            as expected_gross_amount,
        scores.p_win_by_period_end,
        scores.p_win_ever,
        previous.p_win_by_period_end as previous_p_win_by_period_end,
        previous.p_win_ever as previous_p_win_ever,
        -- a new period is another question: no change is shown across its border
        case
            when previous.as_of >= period.starts_on
                then scores.p_win_by_period_end - previous.p_win_by_period_end
        end as p_win_by_period_end_change,
        scores.p_win_by_period_end - week_before.p_win_by_period_end as p_win_by_period_end_change_7d,
        features.age_days,
        features.days_in_stage,
        features.days_since_last_interaction,
        features.has_amount,
        spine.expected_close_on,
        scores.expected_close_week,
        spine.as_of_date as as_of
    from spine
    cross join period
    left join {{ ref('int_calendar_day_versions') }} as calendar
        on spine.expected_close_on = calendar.day and {{ known('calendar', as_of_cutoff()) }}
    left join features on spine.opportunity_id = features.opportunity_id
    left join scores on spine.opportunity_id = scores.opportunity_id
    left join previous on spine.opportunity_id = previous.opportunity_id
    left join week_before on spine.opportunity_id = week_before.opportunity_id
    left join accounts on spine.root_account_id = accounts.account_id
    left join people on spine.owner_id = people.person_id
    left join stages on spine.stage_code = stages.stage_code
    left join placed on spine.opportunity_id = placed.opportunity_id
)

select * from final
