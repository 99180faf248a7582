-- Replayed from creation, the events of every deal end where the deal stands, and each one begins where the one before it ended. Values of a
-- source that mean one stage are one stay, so stages are compared, and values only where no stage is known.
with events as (
    select
        opportunity_id, event_number, is_current,
        coalesce(from_stage_code, from_stage_value) as from_stage,
        coalesce(to_stage_code, to_stage_value) as to_stage,
        lag(coalesce(to_stage_code, to_stage_value)) over (partition by opportunity_id order by event_number) as reached_stage
    from {{ ref('fct_stage_event') }}
),

present as (
    select opportunity_id, coalesce(stage_code, stage_value) as stage from {{ ref('int_stage_path_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }}
)

select opportunity_id, 'a gap between two events' as fault from events
where from_stage is distinct from reached_stage
union all
select present.opportunity_id, 'the replay ends elsewhere' as fault
from present
left join events on present.opportunity_id = events.opportunity_id and events.is_current
where events.to_stage is distinct from present.stage
