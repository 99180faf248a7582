-- Models that were trained, with what each was trained on and why its tier was chosen.
with final as (
    select
        model_version,
        model_name,
        tier,
        reason,
        training_rows,
        is_promoted,
        as_of,
        training_from,
        training_to
    from {{ source('scores', 'models') }}
)

select * from final
