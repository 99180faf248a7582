{{
    config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='as_of_date', full_refresh=false,
        pre_hook="{{ more_memory() }}", post_hook="{{ gather_statistics() }}",
        indexes=[{'columns': ['as_of_date', 'node_id', 'window_id'], 'unique': true}]
    )
}}
{%- set after_cut = 'closings.closed_on > windows.cut_on' %}
-- Per forecast day, node and window: won to date, target, and what came in afterwards from deals then open and from deals not yet created.
with windows as (
    select * from {{ ref('int_forecast_windows') }}
),

nodes as (
    select * from {{ ref('int_org_nodes') }}
),

companies as (
    select as_of_date, node_id from nodes
    where node_level = 'company'
),

won as (
    select
        windows.as_of_date, windows.window_id,
        coalesce(reps.node_id, companies.node_id) as leaf_id,
        coalesce(sum(case when closings.closed_on <= windows.cut_on then closings.won_gross_amount end), 0) as won_gross_amount,
        coalesce(sum(case when {{ after_cut }} and closings.created_on > windows.cut_on then closings.won_gross_amount end), 0)
            as new_gross_amount,
        coalesce(sum(case when {{ after_cut }} and closings.created_on <= windows.cut_on then closings.won_gross_amount end), 0)
            as open_won_gross_amount
    from windows
    inner join companies on windows.as_of_date = companies.as_of_date
    inner join {{ ref('int_closing_versions') }} as closings
        on
            {{ known('closings', 'windows.cutoff_at') }}
            and closings.closed_on between windows.starts_on and windows.ends_on
    left join nodes as reps
        on
            windows.as_of_date = reps.as_of_date
            and coalesce(closings.owner_id, 'unassigned') = reps.node_id
            and reps.node_level = 'rep'
    where closings.outcome = 'won' and closings.won_gross_amount is not null
    group by windows.as_of_date, windows.window_id, coalesce(reps.node_id, companies.node_id)
),

rolled_up as (
    select
        won.as_of_date, won.window_id, ancestors.ancestor_id as node_id,
        sum(won.won_gross_amount) as won_gross_amount,
        sum(won.new_gross_amount) as new_gross_amount,
        sum(won.open_won_gross_amount) as open_won_gross_amount
    from won
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on won.as_of_date = ancestors.as_of_date and won.leaf_id = ancestors.node_id
    group by won.as_of_date, won.window_id, ancestors.ancestor_id
),

targets as (
    select split_part(key, '|', 1) as node_id, split_part(key, '|', 2) as period_id, gross_amount, valid_from, valid_to
    from {{ ref('int_setting_versions') }}
    where kind = 'target'
),

final as (
    select
        nodes.as_of_date,
        nodes.node_id,
        windows.window_id,
        nodes.parent_node_id,
        nodes.node_level,
        windows.window_kind,
        windows.period_id,
        cast(case when windows.window_kind <> 'rolling' then coalesce(rolled_up.won_gross_amount, 0) end as numeric(18, 2))
            as won_gross_amount,
        cast(case when windows.window_kind = 'current' then targets.gross_amount end as numeric(18, 2)) as target_gross_amount,
        cast(case when windows.window_kind <> 'current' then coalesce(rolled_up.new_gross_amount, 0) end as numeric(18, 2))
            as new_gross_amount,
        cast(case when windows.window_kind <> 'current' then coalesce(rolled_up.open_won_gross_amount, 0) end as numeric(18, 2))
            as open_won_gross_amount,
        windows.remaining_days,
        windows.rest_is_known,
        windows.starts_on as window_starts_on,
        windows.cut_on as window_cut_on,
        windows.ends_on as window_ends_on
    from nodes
    inner join windows on nodes.as_of_date = windows.as_of_date
    left join rolled_up
        on
            nodes.as_of_date = rolled_up.as_of_date
            and nodes.node_id = rolled_up.node_id
            and windows.window_id = rolled_up.window_id
    left join targets
        on
            nodes.node_id = targets.node_id and windows.period_id = targets.period_id
            and {{ known('targets', 'windows.cutoff_at') }}
)

select * from final
