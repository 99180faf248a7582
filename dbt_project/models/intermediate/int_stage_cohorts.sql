-- Deals by the stages that they entered or passed through, once each: when, how long they stayed, and what became of them.
with deals as (
    select * from {{ ref('int_deals_as_of') }}
    where not is_backfilled
),

-- A deal that was moved to another sales process counts in the one it is in now, with all stages that it saw.
entries as (
    select events.opportunity_id, deals.sales_process, events.to_stage_code, events.to_stage_order, events.occurred_on, events.days_in_stage
    from {{ ref('int_stage_entries') }} as events
    inner join deals on events.opportunity_id = deals.opportunity_id
    where events.to_outcome = 'open'
),

-- The stages that a process has are those in which its deals were seen.
stages as (
    select distinct sales_process, to_stage_code as stage_code, to_stage_order as stage_order from entries
),

reached as (
    select opportunity_id, sales_process, min(to_stage_order) as first_order, max(to_stage_order) as last_order from entries
    group by opportunity_id, sales_process
),

passed as (
    select
        reached.opportunity_id, stages.sales_process, stages.stage_code, stages.stage_order, reached.last_order,
        min(entries.occurred_on) as entered_on,
        sum(case when entries.to_stage_code = stages.stage_code then entries.days_in_stage end) as days_in_stage
    from reached
    inner join stages
        on
            reached.sales_process = stages.sales_process
            and stages.stage_order between reached.first_order and reached.last_order
    inner join entries on reached.opportunity_id = entries.opportunity_id and stages.stage_order <= entries.to_stage_order
    group by reached.opportunity_id, stages.sales_process, stages.stage_code, stages.stage_order, reached.last_order
),

final as (
    select
        passed.opportunity_id,
        passed.stage_code,
        deals.leaf_node_id,
        passed.sales_process,
        deals.pipeline,
        deals.product_line,
        deals.lead_source,
        deals.channel,
        deals.outcome,
        passed.stage_order,
        passed.days_in_stage,
        case when deals.outcome <> 'open' then deals.closed_on - passed.entered_on end as days_to_outcome,
        deals.outcome = 'won' as is_won,
        passed.last_order > passed.stage_order or deals.outcome = 'won' as is_converted,
        passed.entered_on,
        deals.closed_on
    from passed
    inner join deals on passed.opportunity_id = deals.opportunity_id
)

select * from final
