-- For each forecast day and node: who answers for it, whom a person names as manager, else the manager of the nearest department at or
-- above it other than the node itself.
with days as (
    select as_of_date, cutoff_at from {{ ref('int_as_of_days') }}
    where is_forecast_day
),

departments as (
    select days.as_of_date, departments.department_id, departments.parent_id, departments.manager_id
    from {{ ref('int_department_versions') }} as departments
    inner join days on {{ known('departments', 'days.cutoff_at') }}
    where not departments.is_deleted and not departments.is_late
),

people as (
    select days.as_of_date, people.person_id, people.department_id, people.manager_id, people.is_active
    from {{ ref('int_person_versions') }} as people
    inner join days on {{ known('people', 'days.cutoff_at') }}
    where not people.is_deleted and not people.is_late and people.system = 'salesforce'
),

named as (
    select people.as_of_date, people.person_id as node_id, people.manager_id
    from people
    inner join people as managers on people.as_of_date = managers.as_of_date and people.manager_id = managers.person_id
    where managers.is_active
),

-- A role names no manager: who holds one with roles below it answers for it, of several the one whom most name as theirs.
holders as (
    select
        people.as_of_date, people.department_id, people.person_id as manager_id,
        row_number() over (
            partition by people.as_of_date, people.department_id order by count(named.node_id) desc, people.person_id asc
        ) as place
    from people
    left join named on people.as_of_date = named.as_of_date and people.person_id = named.manager_id
    where
        people.is_active
        and (people.as_of_date, people.department_id) in (select below.as_of_date, below.parent_id from departments as below)
    group by people.as_of_date, people.department_id, people.person_id
),

managers as (
    select as_of_date, department_id, manager_id from departments
    where manager_id is not null
    union all
    select as_of_date, department_id, manager_id from holders
    where place = 1
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
    select nodes.as_of_date, nodes.node_id, coalesce(named.manager_id, candidates.manager_id) as manager_id
    from {{ ref('int_org_nodes') }} as nodes
    left join named on nodes.as_of_date = named.as_of_date and nodes.node_id = named.node_id
    left join candidates
        on nodes.as_of_date = candidates.as_of_date and nodes.node_id = candidates.node_id and candidates.place = 1
    where coalesce(named.manager_id, candidates.manager_id) is not null
)

select * from final
