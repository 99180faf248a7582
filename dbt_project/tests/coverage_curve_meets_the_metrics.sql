-- On the day of the run the curve is at the coverage of mart_metrics, of the present period and of the one before.
select curve.node_id
from {{ ref('mart_coverage_curve') }} as curve
inner join {{ ref('mart_metrics') }} as metrics
    on
        curve.node_id = metrics.node_id and curve.period_id = metrics.period_id and metrics.slice_kind = 'all'
        and curve.day = curve.as_of
where
    curve.open_gross_amount <> metrics.open_gross_amount or curve.won_gross_amount <> metrics.won_gross_amount
    or coalesce(curve.coverage_remaining_rate, -1) <> coalesce(metrics.coverage_remaining_rate, -1)
