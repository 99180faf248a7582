-- Customers of every system with what they can be recognised by, a row a rule of identity, as known on the day of the run.
with accounts as (
    select
        accounts.system, accounts.account_id as customer_id, accounts.name, upper(accounts.credit_code) as credit_code,
        coalesce(mergers.root_account_id, accounts.account_id) as account_id,
        mergers.account_id is not null as is_merged,
        accounts.merged_into_id is not null and mergers.account_id is null as is_in_cycle
    from {{ ref('int_account_versions') }} as accounts
    left join {{ ref('int_account_merges_as_of') }} as mergers
        on accounts.account_id = mergers.account_id and mergers.as_of_date = {{ as_of() }}
    where {{ known('accounts', as_of_cutoff()) }} and not accounts.is_late and not accounts.is_deleted
),

erp as (
    select 'kingdee' as system, customer_number as customer_id, min(customer_name) as name
    from {{ ref('stg_kingdee__orders') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted and customer_number is not null
    group by customer_number
),

chat as (
    select 'dingtalk' as system, customer_id, name from {{ ref('stg_dingtalk__customers') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

customers as (
    select * from accounts
    union all
    select system, customer_id, name, cast(null as text) as credit_code, cast(null as text) as account_id, false as is_merged, false as is_in_cycle from erp
    union all
    select system, customer_id, name, cast(null as text) as credit_code, cast(null as text) as account_id, false as is_merged, false as is_in_cycle from chat
),

final as (
    select
        customers.system,
        customers.customer_id,
        rules.rule,
        customers.account_id,
        customers.name,
        customers.credit_code,
        case rules.rule
            when 'credit_code' then customers.credit_code
            else {{ company_stem(company_key('customers.name'), 'rules.suffixes') }}
        end as key,
        rules.priority,
        rules.joins_accounts,
        customers.is_merged,
        customers.is_in_cycle
    from customers
    cross join {{ ref('identity_rules') }} as rules
)

select * from final
