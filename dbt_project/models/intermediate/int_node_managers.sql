-- For each forecast day and node: who answers for it, the manager of the nearest department at or above it other than the node itself.
with days as (
    select as_of_date, cutoff_at from {{ ref('int_as_of_days') }}
    where is_forecast_day
),

managers as (
    select days.as_of_date, departments.department_id, departments.manager_id
    from {{ ref('stg_fxiaoke__departments') }} as departments
    inner join days on {{ known('departments', 'days.cutoff_at') }}
    where not departments.is_deleted and not departments.is_late and departments.manager_id is not null
),

-- The nearest department has the most ancestors of its own.
depths as (
    select as_of_date, node_id, count(*) as depth from {{ ref('int_org_ancestors') }}
    group by as_of_date, node_id
),

candidates as (
    select
        ancestors.as_of_date, ancestors.node_id, managers.manager_id,
        row_number() over (partition by ancestors.as_of_date, ancestors.node_id order by depths.depth desc, managers.department_id asc) as place
    from {{ ref('int_org_ancestors') }} as ancestors
    inner join managers
        on
            ancestors.as_of_date = managers.as_of_date
            and ancestors.ancestor_id = managers.department_id
            and ancestors.node_id <> managers.manager_id
    inner join depths on ancestors.as_of_date = depths.as_of_date and ancestors.ancestor_id = depths.node_id
),

final as (
    select as_of_date, node_id, manager_id from candidates
    where place = 1
)

select * from final
