-- Accounts of the CRM with the account that stands for their company: the end of a chain of mergers, then the first of all that a rule makes
-- one. Accounts of two credit codes are never made one.
with accounts as (
    select * from {{ ref('int_customer_keys') }}
    where account_id is not null
),

groups as (
    select system, rule, priority, key, min(account_id) as root_id
    from accounts
    where joins_accounts and key is not null
    group by system, rule, priority, key
    having count(distinct credit_code) <= 1
),

pointed as (
    select accounts.system, accounts.account_id, groups.root_id, min(groups.priority) as priority
    from accounts
    inner join groups on accounts.system = groups.system and accounts.rule = groups.rule and accounts.key = groups.key
    group by accounts.system, accounts.account_id, groups.root_id
),

-- the first of all groups that an account is in; that one may itself be in a group with an earlier one
first_step as (
    select system, account_id, min(root_id) as root_id from pointed
    group by system, account_id
),

steps as (
    select
        first_step.system, first_step.account_id, first_step.root_id as near_root_id,
        coalesce(second_step.root_id, first_step.root_id) as root_id
    from first_step
    left join first_step as second_step
        on first_step.system = second_step.system and first_step.root_id = second_step.account_id
),

rules as (
    select steps.system, steps.account_id, steps.root_id, min(pointed.priority) as priority
    from steps
    inner join pointed
        on steps.system = pointed.system and steps.account_id = pointed.account_id and steps.near_root_id = pointed.root_id
    group by steps.system, steps.account_id, steps.root_id
),

final as (
    select distinct
        accounts.system,
        accounts.customer_id,
        coalesce(rules.root_id, accounts.account_id) as account_id,
        case
            when rules.root_id <> accounts.account_id then identity_rules.rule
            when accounts.is_merged then 'merged'
            when accounts.is_in_cycle then 'merge_cycle'
            else 'itself'
        end as evidence
    from accounts
    left join rules on accounts.system = rules.system and accounts.account_id = rules.account_id
    left join {{ ref('identity_rules') }} as identity_rules on rules.priority = identity_rules.priority
)

select * from final
