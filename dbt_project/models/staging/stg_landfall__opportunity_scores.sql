-- Scores that our model wrote, all builds.
with final as (
    select
        build_id,
        opportunity_id,
        tier,
        model_version,
        final_gross_amount,
        p_win_ever,
        p_win_by_period_end,
        reasons,
        {{ reason_text('reasons', var('lang'), 3, 500) }} as reason_text,
        {{ reason_keys('reasons', var('lang'), 3) }} as reason_keys,
        expected_close_week,
        as_of
    from {{ source('scores', 'opportunity_scores') }}
)

select * from final
