-- How each feature of a build's open deals lies against what its model learned from.
with final as (
    select
        build_id,
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
    from {{ source('ops', 'feature_drift') }}
)

select * from final
