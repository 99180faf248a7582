-- Whom each model in use was measured beside, on the same days that neither had seen: other tiers, and simple rates of the past.
with used as (
    select * from {{ ref('int_models_in_use') }}
),

figures as (
    select * from {{ ref('int_model_figures') }}
),

final as (
    select
        {{ build_id() }} as build_id,
        used.model_version,
        figures.contender,
        models.model_name,
        figures.test_rows as test_rows_count,
        cast(figures.log_loss as numeric(10, 4)) as log_loss,
        cast(figures.brier_score as numeric(10, 4)) as brier_score,
        cast(figures.roc_auc as numeric(10, 4)) as roc_auc,
        cast(figures.calibration_error as numeric(10, 4)) as calibration_error_rate,
        cast(figures.top_fifth_lift as numeric(10, 2)) as top_fifth_lift,
        figures.contender = models.tier as is_chosen,
        used.is_champion,
        {{ as_of() }} as as_of
    from used
    inner join {{ ref('stg_landfall__models') }} as models on used.model_version = models.model_version
    inner join figures on used.model_version = figures.model_version
)

select * from final
