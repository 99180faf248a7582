-- Every customer of every system with the account of the CRM that stands for its company, and why; or that none or several fit.
with customers as (
    select * from {{ ref('int_customer_keys') }}
),

roots as (
    select * from {{ ref('int_account_roots') }}
),

fitting as (
    select
        customers.system, customers.customer_id, customers.priority, customers.rule, min(roots.account_id) as account_id,
        count(distinct roots.account_id) as candidates_count
    from customers
    inner join customers as others on customers.rule = others.rule and customers.key = others.key and others.account_id is not null
    inner join roots on others.system = roots.system and others.customer_id = roots.customer_id
    where customers.account_id is null
    group by customers.system, customers.customer_id, customers.priority, customers.rule
),

-- the strictest rule by which any account fits decides
best as (
    select *, row_number() over (partition by system, customer_id order by priority) as place from fitting
),

named as (
    select distinct system, customer_id, name, account_id is not null as is_account from customers
),

final as (
    select
        {{ build_id() }} as build_id,
        named.system,
        named.customer_id,
        case when named.is_account then roots.account_id when best.candidates_count = 1 then best.account_id end as account_id,
        named.name as customer_name,
        case when named.is_account then roots.evidence when best.candidates_count > 1 then 'ambiguous' else coalesce(best.rule, 'none') end
            as evidence,
        cast(case when named.is_account then 1 else coalesce(best.candidates_count, 0) end as integer) as candidates_count,
        named.is_account or coalesce(best.candidates_count = 1, false) as is_matched,
        {{ as_of() }} as as_of
    from named
    left join roots on named.system = roots.system and named.customer_id = roots.customer_id and named.is_account
    left join best on named.system = best.system and named.customer_id = best.customer_id and best.place = 1
)

select * from final
