-- Where the movement ends is what is open today and expected to close in the period.
select
    metrics.node_id,
    movement.span_kind
from {{ ref('mart_metrics') }} as metrics
inner join {{ ref('mart_pipeline_movement') }} as movement
    on metrics.node_id = movement.node_id and metrics.period_id = movement.period_id and movement.component = 'closing'
where metrics.slice_kind = 'all' and metrics.open_gross_amount <> movement.gross_amount
