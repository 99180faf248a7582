-- What each node of today's organisation won in each closed period of the review, as known some days after its close; 0 where nothing was won.
with periods as (
    select period_id, starts_on, ends_on, ends_on + {{ var('actuals_after_days') }} as final_on
    from {{ ref('int_review_periods') }}
    where ends_on + {{ var('actuals_after_days') }} <= {{ as_of() }}
),

nodes as (
    select * from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }}
),

above as (
    select node_id, ancestor_id from {{ ref('int_org_ancestors') }}
    where as_of_date = {{ as_of() }}
),

companies as (
    select node_id from nodes
    where node_level = 'company'
),

-- Later restatements are shown by mart_metrics.
won as (
    select periods.period_id, coalesce(reps.node_id, companies.node_id) as leaf_id, closings.won_gross_amount
    from {{ ref('int_closing_versions') }} as closings
    inner join periods on {{ known('closings', cutoff('periods.final_on')) }} and closings.closed_on between periods.starts_on and periods.ends_on
    cross join companies
    left join nodes as reps on coalesce(closings.owner_id, 'unassigned') = reps.node_id and reps.node_level = 'rep'
    where closings.outcome = 'won'
),

summed as (
    select won.period_id, above.ancestor_id as node_id, sum(won.won_gross_amount) as won_gross_amount from won
    inner join above on won.leaf_id = above.node_id
    group by won.period_id, above.ancestor_id
),

final as (
    select
        periods.period_id,
        nodes.node_id,
        nodes.node_level,
        cast(coalesce(summed.won_gross_amount, 0) as numeric(18, 2)) as actual_gross_amount,
        periods.starts_on,
        periods.ends_on
    from periods
    cross join nodes
    left join summed on periods.period_id = summed.period_id and nodes.node_id = summed.node_id
)

select * from final
