-- What every gate decided; attempts are ordered by their number.
with final as (
    select
        verdict_id,
        build_id,
        border,
        verdict,
        as_of
    from {{ source('ops', 'gate_verdicts') }}
)

select * from final
