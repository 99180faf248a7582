-- What must have happened before a deal may stand at a stage, in words, and whether we read a record that shows it: quotes only where the CRM
-- has any.
with quotes as (
    select count(*) as quotes_count from {{ ref('stg_fxiaoke__quotes') }} as versions
    where {{ known('versions', as_of_cutoff()) }}
),

final as (
    select
        {{ build_id() }} as build_id,
        criteria.stage_code,
        criteria.evidence_kind,
        criteria.name_zh,
        criteria.name_en,
        criteria.is_measured and (criteria.evidence_kind <> 'quote' or quotes.quotes_count > 0) as is_measured,
        {{ as_of() }} as as_of
    from {{ ref('stage_criteria') }} as criteria
    cross join quotes
)

select * from final
