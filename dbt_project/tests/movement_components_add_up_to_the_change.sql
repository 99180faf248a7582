-- The seven components sum to the change of the company's mean, to the cent, and rounding stays below a cent per deal.
select
    node_id,
    period_id
from {{ ref('mart_forecast_movement') }}
group by node_id, period_id
having
    sum(amount) is distinct from max(mean_change)
    or abs(sum(case when component = 'rounding' then amount end)) > 0.01 * (
        2 + 2 * (select count(*) from {{ ref('mart_open_opportunities') }})
    )
