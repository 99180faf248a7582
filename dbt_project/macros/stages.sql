{#- Stage events with the sales process whose map reads them: the event's own, else the deal's. -#}
{% macro events_of_processes() -%}
    select
        events.system, events.opportunity_id, events.stage_value, events.changed_by, events.evidence_record_id, events.changed_at,
        events.occurred_at, events.valid_from, events.valid_to,
        coalesce(events.sales_process, processes.sales_process, '*') as sales_process
    from {{ ref('int_stage_events') }} as events
    left join (
        select opportunity_id, min(sales_process) as sales_process from {{ ref('int_opportunity_versions') }}
        where {{ among_changed('int_opportunity_versions', 'opportunity_id') }}
        group by opportunity_id
    ) as processes on events.opportunity_id = processes.opportunity_id
    where {{ among_changed('int_stage_events', 'events.opportunity_id') }}
{%- endmacro %}

{#-
    A deal's entries into stages as seen at each step. In: CTEs `steps` (opportunity_id, step_at), `events` as events_of_processes gives
    them, `stage_map` = int_stage_map_versions. Out: one row per step and entry, with what it moved from; repeated values that map to one
    stage are one entry; `age` 1 is the newest.
-#}
{% macro stage_entries(steps, events, stage_map) -%}
    select
        *,
        previous_stage is not null as is_move,
        stage_place is not null and previous_place is not null and stage_order < previous_order as is_regression,
        stage_place is not null and previous_place is not null and stage_place > previous_place + 1 as is_skip,
        row_number() over (
            partition by opportunity_id, step_at order by occurred_at desc, changed_at desc, stage_order desc, stage_value desc
        ) as age
    from (
        select
            *,
            lag(coalesce(stage_code, stage_value)) over in_order as previous_stage,
            lag(stage_code) over in_order as previous_stage_code,
            lag(stage_value) over in_order as previous_stage_value,
            lag(outcome) over in_order as previous_outcome,
            lag(stage_order) over in_order as previous_order,
            lag(stage_place) over in_order as previous_place
        from (
            select
                steps.opportunity_id, steps.step_at, events.system, events.sales_process, events.stage_value, events.changed_by,
                events.evidence_record_id, events.changed_at, events.occurred_at, events.valid_from as known_at,
                coalesce(exact.stage_code, anyway.stage_code) as stage_code,
                coalesce(exact.outcome, anyway.outcome) as outcome,
                coalesce(exact.stage_order, anyway.stage_order) as stage_order,
                coalesce(exact.stage_place, anyway.stage_place) as stage_place,
                coalesce(exact.set_rate, anyway.set_rate) as set_rate
            from {{ steps }} as steps
            inner join {{ events }} as events on steps.opportunity_id = events.opportunity_id and {{ known('events', 'steps.step_at') }}
            left join {{ stage_map }} as exact
                on
                    events.system = exact.system and events.sales_process = exact.sales_process
                    and events.stage_value = exact.stage_value and {{ known('exact', 'steps.step_at') }}
            left join {{ stage_map }} as anyway
                on
                    events.system = anyway.system and anyway.sales_process = '*' and events.stage_value = anyway.stage_value
                    and {{ known('anyway', 'steps.step_at') }}
        ) as visible
        window in_order as (partition by opportunity_id, step_at order by occurred_at, changed_at, stage_order, stage_value)
    ) as compared
    where previous_stage is null or previous_stage <> coalesce(stage_code, stage_value)
{%- endmacro %}
