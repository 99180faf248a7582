-- The registry of models in use: what each was trained on, how good it was on days that it had not seen, why the gate let it score, and whether
-- the features it scored last had drifted.
with used as (
    select * from {{ ref('int_models_in_use') }}
),

models as (
    select * from {{ ref('stg_landfall__models') }}
),

figures as (
    select * from {{ ref('int_model_figures') }}
),

drift as (
    select
        build_id,
        model_version,
        sum({{ when('is_drifted') }}) as drifted_count,
        string_agg(case when is_drifted then feature end, ', ' order by feature) as drifted_features
    from {{ ref('stg_landfall__feature_drift') }}
    group by build_id, model_version
),

final as (
    select
        {{ build_id() }} as build_id,
        used.model_version,
        models.model_name,
        models.tier,
        models.reason,
        drift.drifted_features,
        models.training_rows as training_rows_count,
        figures.test_rows as test_rows_count,
        cast(used.days_count as integer) as days_count,
        cast(drift.drifted_count as integer) as drifted_count,
        cast(figures.log_loss as numeric(10, 4)) as log_loss,
        cast(figures.brier_score as numeric(10, 4)) as brier_score,
        cast(figures.roc_auc as numeric(10, 4)) as roc_auc,
        cast(figures.calibration_error as numeric(10, 4)) as calibration_error_rate,
        used.is_champion,
        models.as_of as trained_on,
        models.training_from,
        models.training_to,
        figures.tested_from,
        figures.tested_to,
        used.last_scored_on,
        {{ as_of() }} as as_of
    from used
    inner join models on used.model_version = models.model_version
    left join figures on models.model_version = figures.model_version and models.tier = figures.contender
    left join drift on used.last_build_id = drift.build_id and used.model_version = drift.model_version
)

select * from final
