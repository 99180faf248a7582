-- Departments of all CRMs as versions; of Salesforce, the roles of its staff.
with fxiaoke as (
    select
        'fxiaoke' as system, department_id, load_id, parent_id, manager_id, name, department_kind, is_deleted, is_late, changed_at,
        valid_from, valid_to
    from {{ ref('stg_fxiaoke__departments') }}
),

salesforce as (
    select
        'salesforce' as system, role_id as department_id, load_id, parent_id, cast(null as text) as manager_id, name,
        cast(null as text) as department_kind, is_deleted or is_of_portal as is_deleted, is_late, changed_at, valid_from, valid_to
    from {{ ref('stg_salesforce__roles') }}
),

final as (
    select * from fxiaoke
    union all
    select * from salesforce
)

select * from final
