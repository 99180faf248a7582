-- Period forecasts that our model wrote, all builds.
with final as (
    select
        build_id,
        node_id,
        period_id,
        measure,
        reason_no_range,
        won,
        from_open,
        from_new,
        mean,
        p10,
        p50,
        p90
    from {{ source('scores', 'period_forecasts') }}
)

select * from final
