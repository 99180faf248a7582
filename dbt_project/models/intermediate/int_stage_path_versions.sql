-- Where each deal stood, and how it came there, restated at every instant at which that knowledge changed.
with events as (
    {{ events_of_processes() }}
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

entries as (
    {{ stage_entries('steps', 'events', 'stage_map') }}
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
