{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='as_of_date', full_refresh=false,
        pre_hook="{{ more_memory() }}", post_hook="{{ gather_statistics() }}",
        indexes=[{'columns': ['as_of_date', 'opportunity_id', 'node_id'], 'unique': true}]
    )
}}
-- Every node that an open deal counts for on each forecast day: its owner, the teams and regions above, the company.
with companies as (
    select nodes.as_of_date, nodes.node_id from {{ ref('int_org_nodes') }} as nodes
    inner join {{ ref('int_as_of_days') }} as days on nodes.as_of_date = days.as_of_date and days.is_forecast_day
    where nodes.node_level = 'company'
),

leaves as (
    select
        spine.opportunity_id, spine.as_of_date,
        -- a tenant without departments has the company alone
        coalesce(reps.node_id, companies.node_id) as leaf_id
    from {{ ref('int_open_opportunities_as_of') }} as spine
    inner join companies on spine.as_of_date = companies.as_of_date
    left join {{ ref('int_org_nodes') }} as reps
        on
            spine.as_of_date = reps.as_of_date
            and coalesce(spine.owner_id, 'unassigned') = reps.node_id
            and reps.node_level = 'rep'
),

final as (
    select
        leaves.as_of_date,
        leaves.opportunity_id,
        ancestors.ancestor_id as node_id
    from leaves
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on leaves.as_of_date = ancestors.as_of_date and leaves.leaf_id = ancestors.node_id
)

select * from final
