-- Features of the day's open deals beside the training window of the model that scored them, what drifted first.
with final as (
    select
        {{ build_id() }} as build_id,
        feature,
        model_version,
        verdict,
        said_zh,
        said_en,
        psi,
        psi_limit,
        missing_rate,
        training_missing_rate,
        new_values_rate,
        unit_factor,
        is_drifted,
        as_of
    from {{ ref('stg_landfall__feature_drift') }}
    where build_id = {{ build_id() }}
)

select * from final
