-- What every figure means: one definition each, to which pages and columns refer by id.
with final as (
    select
        {{ build_id() }} as build_id,
        definition_id,
        name_zh,
        name_en,
        formula,
        owner,
        basis,
        date_basis,
        version,
        {{ as_of() }} as as_of
    from {{ ref('metric_definitions') }}
)

select * from final
