-- The region of the owner of that day: the nearest region above the owner's department, as known that day.
with spine as (
    select lead_day_id, owner_id, cutoff_at from {{ ref('int_open_leads_as_of') }}
    where owner_id is not null
),

people as (
    select * from {{ ref('int_person_versions') }}
    where not is_late and not is_deleted
),

departments as (
    select * from {{ ref('int_department_versions') }}
    where not is_late and not is_deleted
),

final as (
    select
        spine.lead_day_id,
        case
            when own.department_kind = 'region' then own.name
            when above.department_kind = 'region' then above.name
            when top.department_kind = 'region' then top.name
        end as region,
        greatest(people.valid_from, own.valid_from, above.valid_from, top.valid_from) as latest_known_at
    from spine
    inner join people on spine.owner_id = people.person_id and {{ known('people', 'spine.cutoff_at') }}
    inner join departments as own on people.department_id = own.department_id and {{ known('own', 'spine.cutoff_at') }}
    left join departments as above on own.parent_id = above.department_id and {{ known('above', 'spine.cutoff_at') }}
    left join departments as top on above.parent_id = top.department_id and {{ known('top', 'spine.cutoff_at') }}
)

select * from final
