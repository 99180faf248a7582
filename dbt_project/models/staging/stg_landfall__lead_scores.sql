-- Scores of leads that our model wrote, all builds.
with final as (
    select
        build_id,
        lead_id,
        tier,
        model_version,
        p_convert_90d,
        reasons,
        {{ reason_text('reasons', var('lang'), 3, 500) }} as reason_text,
        {{ reason_keys('reasons', var('lang'), 3) }} as reason_keys,
        as_of
    from {{ source('scores', 'lead_scores') }}
)

select * from final
