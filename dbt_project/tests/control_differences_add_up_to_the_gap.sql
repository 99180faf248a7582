-- What lies between two systems is explained to the cent: the differences of a control add up to its gap, in every period.
with differences as (
    select
        control, period_id, case when control = 'targets' then pair_id end as node_id,
        sum(difference_gross_amount) as difference_gross_amount
    from {{ ref('rpt_control_difference') }}
    group by control, period_id, case when control = 'targets' then pair_id end
)

select
    totals.control,
    totals.period_id,
    totals.node_id,
    totals.difference_gross_amount,
    differences.difference_gross_amount as explained_gross_amount
from {{ ref('rpt_control_total') }} as totals
left join differences
    on
        totals.control = differences.control and totals.period_id = differences.period_id
        and coalesce(differences.node_id, totals.node_id) = totals.node_id
where coalesce(totals.difference_gross_amount, 0) <> coalesce(differences.difference_gross_amount, 0)
