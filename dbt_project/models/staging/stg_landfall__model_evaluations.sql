-- Figures of the models and of the simple rates beside them, on rows that neither had seen.
with final as (
    select
        model_version,
        contender,
        metric,
        value,
        n_rows,
        horizon_days,
        window_from,
        window_to
    from {{ source('scores', 'model_evaluations') }}
)

select * from final
