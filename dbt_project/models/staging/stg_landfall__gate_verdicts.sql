-- What every gate decided. Stamps of the wall clock order attempts of one night, nothing else.
with final as (
    select
        verdict_id,
        border,
        verdict,
        as_of,
        decided_at
    from {{ source('ops', 'gate_verdicts') }}
)

select * from final
