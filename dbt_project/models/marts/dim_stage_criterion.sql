-- What must have happened before a deal may stand at a stage, in words, and the record that would show it.
with final as (
    select
        {{ build_id() }} as build_id,
        stage_code,
        evidence_kind,
        name_zh,
        name_en,
        is_measured,
        {{ as_of() }} as as_of
    from {{ ref('stage_criteria') }}
)

select * from final
