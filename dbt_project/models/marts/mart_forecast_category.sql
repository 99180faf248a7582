-- What people commit to: won so far and the open deals of the present period by the category that their owners gave them, at every node.
with deals as (
    select
        deals.leaf_node_id, facts.period_id, deals.forecast_category, facts.won_gross_amount, facts.open_gross_amount
    from {{ ref('fct_opportunity_period') }} as facts
    inner join {{ ref('fct_opportunity') }} as deals on facts.opportunity_id = deals.opportunity_id
    inner join {{ ref('int_review_periods') }} as periods on facts.period_id = periods.period_id and periods.period_kind = 'current'
),

summed as (
    select
        ancestors.ancestor_id as node_id, deals.period_id,
        sum(deals.won_gross_amount) as won,
        sum(case when deals.forecast_category = 'commit' then deals.open_gross_amount else 0 end) as in_commit,
        sum(case when deals.forecast_category = 'best_case' then deals.open_gross_amount else 0 end) as in_best_case,
        sum(case when deals.forecast_category is null then deals.open_gross_amount else 0 end) as without_category
    from deals
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on ancestors.as_of_date = {{ as_of() }} and deals.leaf_node_id = ancestors.node_id
    group by ancestors.ancestor_id, deals.period_id
),

final as (
    select
        {{ build_id() }} as build_id,
        nodes.node_id,
        periods.period_id,
        cast(coalesce(summed.won + summed.in_commit, 0) as numeric(18, 2)) as commit_gross_amount,
        cast(coalesce(summed.won + summed.in_commit + summed.in_best_case, 0) as numeric(18, 2)) as best_case_gross_amount,
        cast(coalesce(summed.without_category, 0) as numeric(18, 2)) as without_category_gross_amount,
        {{ as_of() }} as as_of
    from {{ ref('int_org_nodes') }} as nodes
    inner join {{ ref('int_review_periods') }} as periods on periods.period_kind = 'current'
    left join summed on nodes.node_id = summed.node_id and periods.period_id = summed.period_id
    where nodes.as_of_date = {{ as_of() }}
)

select * from final
