-- Every person of every system with the employee that it is, and why; or that none or several fit.
with employees as (
    select system, person_id, name, {{ company_key('name') }} as name_key
    from {{ ref('int_person_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

salespeople as (
    select salesperson_number, max(salesperson_name) as name from {{ ref('stg_kingdee__orders') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted and salesperson_number is not null
    group by salesperson_number
),

people as (
    select system, person_id as system_owner_id, name from employees
    union all
    select 'kingdee' as system, salesperson_number as system_owner_id, name from salespeople
    union
    select 'wecom' as system, member_id as system_owner_id, null as name from {{ ref('stg_wecom__follow_relations') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
    union
    select 'dingtalk' as system, owner_id as system_owner_id, null as name from {{ ref('stg_dingtalk__customers') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted and owner_id is not null
),

settings as (
    select key, text_value as person_id from {{ ref('int_setting_versions') }} as versions
    where kind = 'owner_map' and {{ known('versions', as_of_cutoff()) }}
),

asked as (
    select
        people.system, people.system_owner_id, rules.rule, rules.priority, rules.compares, settings.person_id as said_id,
        {{ company_key('people.name') }} as name_key,
        {{ company_stem(company_key('people.name'), 'rules.pattern') }} as name_stem,
        {{ company_stem('people.system_owner_id', 'rules.pattern') }} as number_stem,
        rules.pattern
    from people
    inner join {{ ref('owner_rules') }} as rules on rules.system in ('*', people.system)
    left join settings on rules.compares = 'setting' and people.system || '|' || people.system_owner_id = settings.key
    where people.system not in ('fxiaoke', 'salesforce')
),

fitting as (
    select
        asked.system, asked.system_owner_id, asked.rule, asked.priority, min(employees.person_id) as owner_id, count(*) as candidates_count
    from asked
    inner join employees
        on
            case asked.compares
                when 'setting' then asked.said_id = employees.person_id
                when 'number_and_name' then asked.system_owner_id = employees.person_id and asked.name_key = employees.name_key
                when 'name' then asked.name_stem = {{ company_stem('employees.name_key', 'asked.pattern') }}
                when 'number' then asked.number_stem = employees.person_id
            end
    group by asked.system, asked.system_owner_id, asked.rule, asked.priority
),

-- the strictest rule by which anybody fits decides
best as (
    select *, row_number() over (partition by system, system_owner_id order by priority) as place from fitting
),

final as (
    select
        {{ build_id() }} as build_id,
        people.system,
        people.system_owner_id,
        case when people.system in ('fxiaoke', 'salesforce') then people.system_owner_id when best.candidates_count = 1 then best.owner_id end as owner_id,
        people.name as owner_name,
        case
            when people.system in ('fxiaoke', 'salesforce') then 'itself'
            when best.candidates_count > 1 then 'ambiguous'
            else coalesce(best.rule, 'none')
        end as evidence,
        cast(case when people.system in ('fxiaoke', 'salesforce') then 1 else coalesce(best.candidates_count, 0) end as integer) as candidates_count,
        people.system in ('fxiaoke', 'salesforce') or coalesce(best.candidates_count = 1, false) as is_matched,
        {{ as_of() }} as as_of
    from people
    left join best on people.system = best.system and people.system_owner_id = best.system_owner_id and best.place = 1
)

select * from final
