-- What each version of a model, and whom it was measured beside, came to on days that neither had seen: a row per contender. Inlined where it is read.
with final as (
    select
        model_version,
        contender,
        max(case when metric = 'log_loss' then value end) as log_loss,
        max(case when metric = 'brier' then value end) as brier_score,
        max(case when metric = 'roc_auc' then value end) as roc_auc,
        max(case when metric = 'ece' then value end) as calibration_error,
        max(case when metric = 'lift_20' then value end) as top_fifth_lift,
        max(n_rows) as test_rows,
        min(window_from) as tested_from,
        max(window_to) as tested_to
    from {{ ref('stg_landfall__model_evaluations') }}
    group by model_version, contender
)

select * from final
