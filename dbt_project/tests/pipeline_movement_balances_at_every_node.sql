-- Opening and the parts are closing, to 0.00, at every node and over every span.
select
    node_id,
    span_kind
from {{ ref('mart_pipeline_movement') }}
group by node_id, span_kind
having sum(case when component = 'closing' then -gross_amount else gross_amount end) <> 0
