-- Deals that stand at a stage without the record that the stage asks for: open ones, and those closed in the present period.
with deals as (
    select deals.*, coalesce(deals.stage_order, 0) as reached_order from {{ ref('int_deals_as_of') }} as deals
    inner join {{ ref('int_review_periods') }} as period on period.period_kind = 'current'
    where deals.outcome = 'open' or deals.closed_on >= period.starts_on
),

contacted as (
    select distinct opportunity_id from {{ ref('int_interaction_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }}
),

quoted as (
    select distinct opportunity_id from {{ ref('stg_fxiaoke__quotes') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted and opportunity_id is not null
),

criteria as (
    select criteria.stage_code, criteria.evidence_kind, criteria.name_zh, criteria.name_en, stages.stage_order, stages.outcome
    from {{ ref('dim_stage_criterion') }} as criteria
    inner join {{ ref('dim_stage') }} as stages on criteria.stage_code = stages.stage_code and stages.is_current
    where criteria.is_measured
),

-- A stage asks for what the stages before it ask; an end asks for its own.
asked as (
    select
        deals.*, criteria.evidence_kind, criteria.name_zh, criteria.name_en, criteria.stage_code as asking_stage_code,
        case criteria.evidence_kind
            when 'contact' then contacted.opportunity_id is not null
            when 'amount' then deals.has_amount
            when 'quote' then quoted.opportunity_id is not null
            when 'contract' then deals.contract_number is not null
            when 'refusal' then deals.lost_reason is not null
        end as is_shown
    from deals
    inner join criteria
        on
            deals.outcome = criteria.outcome
            and (deals.stage_code = criteria.stage_code or (deals.outcome = 'open' and deals.reached_order > criteria.stage_order))
    left join contacted on deals.opportunity_id = contacted.opportunity_id
    left join quoted on deals.opportunity_id = quoted.opportunity_id
),

final as (
    select
        {{ build_id() }} as build_id,
        opportunity_id,
        evidence_kind,
        owner_id,
        opportunity_name,
        stage_code,
        asking_stage_code,
        name_zh,
        name_en,
        gross_amount,
        closed_on,
        {{ as_of() }} as as_of
    from asked
    where not is_shown
)

select * from final
