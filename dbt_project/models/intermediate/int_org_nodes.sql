-- The organisation as known on each forecast day, each day from which movement is told and at the end of each period that pages show: company,
-- regions, teams, and every person who owns or owned a deal, with our own settings (kind org_node) over what the CRM says.
with days as (
    select as_of_date, cutoff_at from {{ ref('int_as_of_days') }}
    where is_forecast_day
    union
    select as_of_date, cutoff_at from {{ ref('int_review_days') }}
    where is_movement_day
    union
    select as_of_date, cutoff_at from {{ ref('int_period_organisations') }}
),

known_departments as (
    select
        days.as_of_date, departments.system, departments.department_id, departments.parent_id, departments.name, departments.department_kind
    from {{ ref('int_department_versions') }} as departments
    inner join days on {{ known('departments', 'days.cutoff_at') }}
    where not departments.is_deleted and not departments.is_late
),

told_companies as (
    select distinct as_of_date from known_departments
    where department_kind = 'company'
),

-- Roles do not say what they are: the only one at the top is the company, unless another CRM has one; what is next are regions.
tops as (
    select
        departments.as_of_date, departments.department_id,
        count(*) over (partition by departments.as_of_date) = 1 and told_companies.as_of_date is null as is_alone
    from known_departments as departments
    left join known_departments as parents
        on departments.as_of_date = parents.as_of_date and departments.parent_id = parents.department_id
    left join told_companies on departments.as_of_date = told_companies.as_of_date
    where departments.system = 'salesforce' and parents.department_id is null
),

departments as (
    select
        departments.as_of_date, departments.department_id as node_id, departments.parent_id, departments.name,
        case
            when departments.department_kind is not null then departments.department_kind
            when tops.is_alone then 'company'
            when tops.department_id is not null or above.is_alone then 'region'
            else 'team'
        end as node_level
    from known_departments as departments
    left join tops on departments.as_of_date = tops.as_of_date and departments.department_id = tops.department_id
    left join tops as above on departments.as_of_date = above.as_of_date and departments.parent_id = above.department_id
),

-- Exactly one company: the CRM's, else one of our own.
companies as (
    select days.as_of_date, coalesce(min(departments.node_id), 'company') as company_id
    from days
    left join departments on days.as_of_date = departments.as_of_date and departments.node_level = 'company'
    group by days.as_of_date
),

own_companies as (
    select companies.as_of_date, companies.company_id as node_id, cast(null as text) as parent_id, 'company' as name, 'company' as node_level
    from companies
    left join departments on companies.as_of_date = departments.as_of_date and companies.company_id = departments.node_id
    where departments.node_id is null
),

owners as (
    select distinct days.as_of_date, coalesce(versions.owner_id, 'unassigned') as node_id
    from {{ ref('int_opportunity_versions') }} as versions
    inner join days on {{ known('versions', 'days.cutoff_at') }}
    where not versions.is_withdrawn
),

people as (
    select days.as_of_date, people.person_id, people.department_id, people.name
    from {{ ref('int_person_versions') }} as people
    inner join days on {{ known('people', 'days.cutoff_at') }}
    where not people.is_deleted and not people.is_late
),

-- What was decided through the settings door, and held, on each day.
overrides as (
    select days.as_of_date, settings.key as node_id, settings.parent_node_id, settings.name, settings.node_level
    from {{ ref('int_setting_versions') }} as settings
    inner join days on {{ known('settings', 'days.cutoff_at') }}
    where settings.kind = 'org_node'
),

-- A tenant without departments has one node; people become nodes only below teams.
reps as (
    select
        owners.as_of_date, owners.node_id, people.department_id as parent_id, coalesce(people.name, owners.node_id) as name,
        'rep' as node_level
    from owners
    left join people on owners.as_of_date = people.as_of_date and owners.node_id = people.person_id
    where
        owners.as_of_date in (select departments.as_of_date from departments)
        or owners.as_of_date in (select overrides.as_of_date from overrides)
),

told as (
    select * from departments
    union all
    select * from own_companies
    union all
    select * from reps
),

nodes as (
    select
        coalesce(overrides.as_of_date, told.as_of_date) as as_of_date,
        coalesce(overrides.node_id, told.node_id) as node_id,
        case when overrides.node_id is null then told.parent_id else overrides.parent_node_id end as parent_id,
        coalesce(overrides.name, told.name) as name,
        coalesce(overrides.node_level, told.node_level) as node_level
    from told
    full join overrides on told.as_of_date = overrides.as_of_date and told.node_id = overrides.node_id
),

final as (
    select
        nodes.as_of_date,
        nodes.node_id,
        case when nodes.node_id <> companies.company_id then coalesce(parents.node_id, companies.company_id) end as parent_node_id,
        case when nodes.node_id = companies.company_id then 'company' else nodes.node_level end as node_level,
        nodes.name
    from nodes
    inner join companies on nodes.as_of_date = companies.as_of_date
    left join nodes as parents
        on nodes.as_of_date = parents.as_of_date and nodes.parent_id = parents.node_id and parents.node_level <> 'rep'
)

select * from final
