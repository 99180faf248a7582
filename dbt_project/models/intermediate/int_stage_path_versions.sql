-- Where each deal stood, and how it came there, restated at every instant at which that knowledge changed.
with processes as (
    select opportunity_id, min(sales_process) as sales_process from {{ ref('int_opportunity_versions') }}
    group by opportunity_id
),

events as (
    select
        events.system, events.opportunity_id, events.stage_value, events.changed_at, events.occurred_at,
        events.valid_from, events.valid_to,
        coalesce(events.sales_process, processes.sales_process, '*') as sales_process
    from {{ ref('int_stage_events') }} as events
    left join processes on events.opportunity_id = processes.opportunity_id
),

stage_map as (
    select * from {{ ref('int_stage_map_versions') }}
),

map_changes as (
    select distinct valid_from from stage_map
),

steps as (
    select opportunity_id, valid_from as step_at from events
    union
    select opportunity_id, valid_to from events
    where valid_to < {{ end_of_time() }}
    union
    select events.opportunity_id, map_changes.valid_from from events
    inner join map_changes on events.valid_from < map_changes.valid_from
),

visible as (
    select
        steps.opportunity_id,
        steps.step_at,
        events.stage_value,
        events.changed_at,
        events.occurred_at,
        coalesce(exact.stage_code, anyway.stage_code) as stage_code,
        coalesce(exact.outcome, anyway.outcome) as outcome,
        coalesce(exact.stage_order, anyway.stage_order) as stage_order,
        coalesce(exact.stage_place, anyway.stage_place) as stage_place,
        coalesce(exact.set_rate, anyway.set_rate) as set_rate
    from steps
    inner join events on steps.opportunity_id = events.opportunity_id and {{ known('events', 'steps.step_at') }}
    left join stage_map as exact
        on
            events.system = exact.system and events.sales_process = exact.sales_process and events.stage_value = exact.stage_value
            and {{ known('exact', 'steps.step_at') }}
    left join stage_map as anyway
        on
            events.system = anyway.system and anyway.sales_process = '*' and events.stage_value = anyway.stage_value
            and {{ known('anyway', 'steps.step_at') }}
),

compared as (
    select
        *,
        lag(coalesce(stage_code, stage_value)) over in_order as previous_stage,
        lag(stage_order) over in_order as previous_order,
        lag(stage_place) over in_order as previous_place
    from visible
    window in_order as (partition by opportunity_id, step_at order by occurred_at, changed_at, stage_order, stage_value)
),

entries as (
    select
        *,
        previous_stage is not null as is_move,
        stage_place is not null and previous_place is not null and stage_order < previous_order as is_regression,
        stage_place is not null and previous_place is not null and stage_place > previous_place + 1 as is_skip,
        row_number() over (
            partition by opportunity_id, step_at order by occurred_at desc, changed_at desc, stage_order desc, stage_value desc
        ) as age
    from compared
    where previous_stage is null or previous_stage <> coalesce(stage_code, stage_value)
),

states as (
    select
        opportunity_id,
        max(case when age = 1 then stage_value end) as stage_value,
        max(case when age = 1 then stage_code end) as stage_code,
        coalesce(max(case when age = 1 then outcome end), 'open') as outcome,
        max(case when age = 1 then set_rate end) as stage_set_rate,
        cast(sum(case when is_move then 1 else 0 end) as integer) as stage_moves_count,
        cast(sum(case when is_regression then 1 else 0 end) as integer) as stage_regressions_count,
        cast(sum(case when is_skip then 1 else 0 end) as integer) as stage_skips_count,
        max(case when age = 1 then occurred_at end) as entered_at,
        step_at as valid_from
    from entries
    group by opportunity_id, step_at
),

final as (
    select
        *,
        coalesce(lead(valid_from) over (partition by opportunity_id order by valid_from), {{ end_of_time() }}) as valid_to
    from states
)

select * from final
