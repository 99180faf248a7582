-- The tenant's own staff of all CRMs as versions.
with fxiaoke as (
    select
        'fxiaoke' as system, person_id, load_id, department_id, cast(null as text) as manager_id, name, is_active, is_deleted, is_late,
        changed_at, valid_from, valid_to
    from {{ ref('stg_fxiaoke__people') }}
    where {{ among_changed('stg_fxiaoke__people', 'person_id') }}
),

salesforce as (
    select
        'salesforce' as system, user_id as person_id, load_id, role_id as department_id, manager_id, name, is_active, is_deleted, is_late,
        changed_at, valid_from, valid_to
    from {{ ref('stg_salesforce__users') }}
    where coalesce(user_type, 'Standard') = 'Standard' and {{ among_changed('stg_salesforce__users', 'user_id') }}
),

final as (
    select * from fxiaoke
    union all
    select * from salesforce
)

select * from final
