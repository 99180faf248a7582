-- Replayed from creation, the events of every deal end where the deal stands, and each one begins where the one before it ended.
with events as (
    select
        opportunity_id, event_number, from_stage_value, to_stage_value, is_current,
        lag(to_stage_value) over (partition by opportunity_id order by event_number) as reached_value
    from {{ ref('fct_stage_event') }}
),

present as (
    select opportunity_id, stage_value from {{ ref('int_stage_path_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }}
)

select opportunity_id, 'a gap between two events' as fault from events
where from_stage_value is distinct from reached_value
union all
select present.opportunity_id, 'the replay ends elsewhere' as fault
from present
left join events on present.opportunity_id = events.opportunity_id and events.is_current
where events.to_stage_value is distinct from present.stage_value
