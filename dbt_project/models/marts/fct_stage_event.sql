-- Every entry of a deal into a stage, in order, as known today: from where, when, by whom, and the record that shows it.
with final as (
    select
        {{ build_id() }} as build_id,
        opportunity_id,
        event_number,
        owner_id,
        sales_process,
        from_stage_code,
        from_stage_value,
        to_stage_code,
        to_stage_value,
        to_outcome,
        evidence_system,
        evidence_record_id,
        changed_by,
        to_stage_order,
        days_in_stage,
        is_regression,
        is_skip,
        is_reopening,
        is_current,
        occurred_on,
        {{ as_of() }} as as_of,
        occurred_at,
        left_at,
        evidence_changed_at,
        known_at
    from {{ ref('int_stage_entries') }}
)

select * from final
