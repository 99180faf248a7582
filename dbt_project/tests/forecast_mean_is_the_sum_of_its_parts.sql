-- mean = won + from_open + from_new at every node.
select node_id, period_id
from {{ ref('mart_period_forecast') }}
where mean <> won + from_open + from_new
