-- Customers of DingTalk with the customer of the CRM that bears their name, as known on the day.
with customers as (
    select
        customer_id,
        {{ company_key('name') }} as full_key,
        {{ company_key('name', is_short=true) }} as short_key
    from {{ ref('stg_dingtalk__customers') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

accounts as (
    select
        coalesce(mergers.root_account_id, versions.account_id) as root_id,
        {{ company_key('versions.name') }} as full_key,
        {{ company_key('versions.name', is_short=true) }} as short_key
    from {{ ref('int_account_versions') }} as versions
    left join {{ ref('int_account_merges_as_of') }} as mergers
        on versions.account_id = mergers.account_id and mergers.as_of_date = {{ as_of() }}
    where {{ known('versions', as_of_cutoff()) }} and not versions.is_late and not versions.is_deleted
),

named as (
    select
        customers.customer_id, accounts.root_id, accounts.full_key = customers.full_key as is_same_name,
        bool_or(accounts.full_key = customers.full_key) over (partition by customers.customer_id) as has_same_name
    from customers
    inner join accounts on customers.short_key = accounts.short_key
),

final as (
    select
        customer_id,
        min(root_id) as account_id,
        case when bool_or(has_same_name) then 'name' else 'short_name' end as evidence
    from named
    where is_same_name or not has_same_name
    group by customer_id
    having count(distinct root_id) = 1
)

select * from final
