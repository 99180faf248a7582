-- Accounts that were merged into others, with the account at the end of the chain (up to sixteen mergers), as known on each day. A chain that
-- bites its tail has no end: its accounts stand for themselves.
with mergers as (
    select
        days.as_of_date, accounts.account_id, accounts.merged_into_id
    from {{ ref('int_account_versions') }} as accounts
    inner join {{ ref('int_as_of_days') }} as days on {{ known('accounts', 'days.cutoff_at') }}
    where accounts.merged_into_id is not null and not accounts.is_late
),

hops_1 as (
    select as_of_date, account_id, merged_into_id as root_account_id from mergers
),

{% for hops in [2, 4, 8, 16] %}
hops_{{ hops }} as (
    select near.as_of_date, near.account_id, coalesce(far.root_account_id, near.root_account_id) as root_account_id
    from hops_{{ hops // 2 }} as near
    left join hops_{{ hops // 2 }} as far on near.as_of_date = far.as_of_date and near.root_account_id = far.account_id
),
{% endfor %}

final as (
    select ended.account_id, ended.root_account_id, ended.as_of_date
    from hops_16 as ended
    left join mergers on ended.as_of_date = mergers.as_of_date and ended.root_account_id = mergers.account_id
    where mergers.account_id is null
)

select * from final
