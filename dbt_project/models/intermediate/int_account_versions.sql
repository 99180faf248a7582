-- Customers of all CRMs as versions.
with fxiaoke as (
    select
        'fxiaoke' as system, account_id, load_id, merged_into_id, name, industry, credit_code, is_deleted, is_late, changed_at, valid_from, valid_to
    from {{ ref('stg_fxiaoke__accounts') }}
    where {{ among_changed('stg_fxiaoke__accounts', 'account_id') }}
),

salesforce as (
    select
        'salesforce' as system, account_id, load_id, merged_into_id, name, industry, cast(null as text) as credit_code, is_deleted, is_late, changed_at, valid_from, valid_to
    from {{ ref('stg_salesforce__accounts') }}
    where {{ among_changed('stg_salesforce__accounts', 'account_id') }}
),

final as (
    select * from fxiaoke
    union all
    select * from salesforce
)

select * from final
