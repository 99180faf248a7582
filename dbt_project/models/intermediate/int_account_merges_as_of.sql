-- Accounts that were merged into others, with the account at the end of the chain (up to four mergers), as known on each day.
with mergers as (
    select
        days.as_of_date, accounts.account_id, accounts.merged_into_id
    from {{ ref('int_account_versions') }} as accounts
    inner join {{ ref('int_as_of_days') }} as days on {{ known('accounts', 'days.cutoff_at') }}
    where accounts.merged_into_id is not null and not accounts.is_late
),

final as (
    select
        first_merge.account_id,
        coalesce(
            fourth_merge.merged_into_id, third_merge.merged_into_id, second_merge.merged_into_id, first_merge.merged_into_id
        ) as root_account_id,
        first_merge.as_of_date
    from mergers as first_merge
    left join mergers as second_merge
        on first_merge.as_of_date = second_merge.as_of_date and first_merge.merged_into_id = second_merge.account_id
    left join mergers as third_merge
        on first_merge.as_of_date = third_merge.as_of_date and second_merge.merged_into_id = third_merge.account_id
    left join mergers as fourth_merge
        on first_merge.as_of_date = fourth_merge.as_of_date and third_merge.merged_into_id = fourth_merge.account_id
)

select * from final
