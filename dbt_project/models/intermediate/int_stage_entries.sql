-- Every entry of a deal into a stage, in order, as known on the day of the run, with the record that shows it.
with events as (
    {{ events_of_processes() }}
),

steps as (
    select distinct opportunity_id, {{ end_of_knowledge() }} as step_at from events
),

entries as (
    {{ stage_entries('steps', 'events', ref('int_stage_map_versions')) }}
),

owners as (
    select opportunity_id, owner_id from {{ ref('int_opportunity_versions') }} as versions
    where {{ stands('versions') }} and {{ among_changed('int_opportunity_versions', 'opportunity_id') }}
),

final as (
    select
        entries.opportunity_id,
        cast(row_number() over in_order as integer) as event_number,
        owners.owner_id,
        entries.sales_process,
        entries.previous_stage_code as from_stage_code,
        entries.previous_stage_value as from_stage_value,
        entries.stage_code as to_stage_code,
        entries.stage_value as to_stage_value,
        entries.outcome as to_outcome,
        entries.system as evidence_system,
        entries.evidence_record_id,
        entries.changed_by,
        entries.stage_order as to_stage_order,
        {{ business_day('lead(entries.occurred_at) over in_order') }} - {{ business_day('entries.occurred_at') }} as days_in_stage,
        entries.is_regression,
        entries.is_skip,
        coalesce(entries.previous_outcome in ('won', 'lost') and entries.outcome = 'open', false) as is_reopening,
        entries.age = 1 as is_current,
        {{ business_day('entries.occurred_at') }} as occurred_on,
        entries.occurred_at,
        lead(entries.occurred_at) over in_order as left_at,
        entries.changed_at as evidence_changed_at,
        entries.known_at
    from entries
    left join owners on entries.opportunity_id = owners.opportunity_id
    window in_order as (partition by entries.opportunity_id order by entries.age desc)
)

select * from final
