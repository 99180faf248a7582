-- Entries into a stage: a change between successive landing records, or a row of a stage log.
with records as (
    select * from {{ ref('int_stage_records') }}
    where {{ among_changed('int_stage_records', 'opportunity_id') }}
),

on_time as (
    select *, lag(stage_value) over (partition by opportunity_id order by valid_from, changed_at, load_id) as previous_stage_value
    from records
    where not is_late
),

shown_on_time as (
    select
        system, opportunity_id, sales_process, stage_value, changed_by, opportunity_id as evidence_record_id, changed_at,
        case
            when previous_stage_value is null then coalesce(stage_changed_at, created_at, changed_at)
            else coalesce(stage_changed_at, changed_at)
        end as occurred_at,
        valid_from
    from on_time
    where previous_stage_value is null or stage_value <> previous_stage_value
),

-- An older record that arrives late splits the step between the neighbours that were known by then.
late_neighbours as (
    select
        late.opportunity_id, late.system, late.valid_from, late.stage_value as late_value, late.changed_by as late_changed_by,
        late.changed_at as late_changed_at, late.stage_changed_at as late_stage_changed_at, late.sales_process, known.stage_value,
        known.changed_by, known.changed_at, known.stage_changed_at,
        known.changed_at > late.changed_at as is_after,
        row_number() over (
            partition by late.opportunity_id, late.valid_from, late.changed_at, late.load_id, known.changed_at > late.changed_at
            order by abs(extract(epoch from known.changed_at - late.changed_at)), known.valid_from desc
        ) as distance
    from records as late
    inner join records as known
        on
            late.opportunity_id = known.opportunity_id
            and known.valid_from <= late.valid_from
            and known.changed_at <> late.changed_at
    where late.is_late
),

shown_late as (
    select
        system, opportunity_id, sales_process,
        case when is_after then stage_value else late_value end as stage_value,
        case when is_after then changed_by else late_changed_by end as changed_by,
        opportunity_id as evidence_record_id,
        case when is_after then changed_at else late_changed_at end as changed_at,
        case
            when is_after then coalesce(stage_changed_at, changed_at)
            else coalesce(late_stage_changed_at, late_changed_at)
        end as occurred_at,
        valid_from
    from late_neighbours
    where distance = 1 and stage_value <> late_value
),

logged_in_files as (
    select
        'files' as system, opportunity_id, cast(null as text) as sales_process, stage_value, cast(null as text) as changed_by,
        stage_change_id as evidence_record_id, changed_at, occurred_at, valid_from, valid_to
    from {{ ref('stg_files__stage_changes') }}
    where
        not is_deleted and not is_late and valid_from < valid_to and occurred_at is not null
        and {{ among_changed('stg_files__stage_changes', 'opportunity_id') }}
),

logged_in_salesforce as (
    select
        'salesforce' as system, opportunity_id, cast(null as text) as sales_process, stage_value, changed_by,
        stage_change_id as evidence_record_id, changed_at, occurred_at, valid_from, valid_to
    from {{ ref('stg_salesforce__stage_changes') }}
    where
        not is_deleted and not is_late and valid_from < valid_to and occurred_at is not null and stage_value is not null
        and {{ among_changed('stg_salesforce__stage_changes', 'opportunity_id') }}
),

events as (
    select *, {{ end_of_time() }} as valid_to from shown_on_time
    union all
    select *, {{ end_of_time() }} as valid_to from shown_late
    union all
    select * from logged_in_files
    union all
    select * from logged_in_salesforce
),

final as (
    select
        system,
        opportunity_id,
        max(sales_process) as sales_process,
        stage_value,
        max(changed_by) as changed_by,
        max(evidence_record_id) as evidence_record_id,
        max(changed_at) as changed_at,
        occurred_at,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to
    from events
    group by system, opportunity_id, stage_value, occurred_at
)

select * from final
