-- Where the change comes from: each node's won amount of the present period against an earlier one at the same point, and its expected landing
-- against the target, with what each adds to the change of the whole.
with nodes as (
    select node_id, parent_node_id, node_level, name as node_name from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }}
),

present as (
    select node_id, period_id, won_gross_amount from {{ ref('mart_period_pace') }}
    where comparison = 'current'
),

compared as (
    select
        present.node_id, present.period_id, former.comparison, present.won_gross_amount as now_gross_amount,
        former.won_gross_amount as base_gross_amount
    from present
    inner join {{ ref('mart_period_pace') }} as former on present.node_id = former.node_id and former.comparison <> 'current'
    union all
    select
        node_id, period_id, 'target' as comparison, expected_gross_amount as now_gross_amount, target_gross_amount as base_gross_amount
    from {{ ref('mart_metrics') }}
    where slice_kind = 'all' and period_kind = 'current' and target_gross_amount is not null and expected_gross_amount is not null
),

changes as (
    select
        compared.*, nodes.parent_node_id, nodes.node_level, nodes.node_name,
        compared.now_gross_amount - compared.base_gross_amount as change_gross_amount,
        max(case when nodes.parent_node_id is null then compared.now_gross_amount - compared.base_gross_amount end)
            over (partition by compared.comparison) as whole_change_gross_amount
    from compared
    inner join nodes on compared.node_id = nodes.node_id
),

final as (
    select
        {{ build_id() }} as build_id,
        node_id,
        comparison,
        period_id,
        parent_node_id,
        node_level,
        node_name,
        cast(now_gross_amount as numeric(18, 2)) as now_gross_amount,
        cast(base_gross_amount as numeric(18, 2)) as base_gross_amount,
        cast(change_gross_amount as numeric(18, 2)) as change_gross_amount,
        {{ ratio('change_gross_amount', 'base_gross_amount') }} as change_rate,
        {{ ratio('change_gross_amount', 'whole_change_gross_amount') }} as contribution_rate,
        cast(rank() over (partition by comparison, node_level order by change_gross_amount) as integer) as decline_place,
        cast(rank() over (partition by comparison, node_level order by change_gross_amount desc) as integer) as growth_place,
        {{ as_of() }} as as_of
    from changes
)

select * from final
