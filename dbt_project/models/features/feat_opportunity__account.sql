-- Who the customer is: industry, and what else we won from or pursue with that customer (merged accounts count as one).
with spine as (
    select deal_day_id, opportunity_id, as_of_date, root_account_id, cutoff_at from {{ ref('int_open_opportunities_as_of') }}
),

industries as (
    select
        spine.deal_day_id, accounts.industry, accounts.valid_from
    from spine
    inner join {{ ref('int_account_versions') }} as accounts
        on spine.root_account_id = accounts.account_id and {{ known('accounts', 'spine.cutoff_at') }}
    where not accounts.is_late
),

days as (
    select as_of_date, cutoff_at from {{ ref('int_as_of_days') }}
),

won as (
    select
        days.as_of_date,
        coalesce(mergers.root_account_id, closings.account_id) as root_account_id,
        cast(count(*) as integer) as account_won_count_730d,
        max(closings.valid_from) as valid_from
    from {{ ref('int_closing_versions') }} as closings
    inner join days
        on {{ known('closings', 'days.cutoff_at') }} and closings.closed_on > days.as_of_date - 730
    left join {{ ref('int_account_merges_as_of') }} as mergers
        on closings.account_id = mergers.account_id and days.as_of_date = mergers.as_of_date
    where closings.outcome = 'won' and closings.account_id is not null
    group by days.as_of_date, coalesce(mergers.root_account_id, closings.account_id)
),

pursued as (
    select as_of_date, root_account_id, cast(count(*) as integer) as account_open_count from spine
    where root_account_id is not null
    group by as_of_date, root_account_id
),

final as (
    select
        spine.deal_day_id,
        spine.opportunity_id,
        spine.as_of_date,
        industries.industry as account_industry,
        -- a known customer without wins has 0; a deal without customer has null
        case when spine.root_account_id is not null then coalesce(won.account_won_count_730d, 0) end as account_won_count_730d,
        pursued.account_open_count,
        greatest(industries.valid_from, won.valid_from) as latest_known_at
    from spine
    left join industries on spine.deal_day_id = industries.deal_day_id
    left join won on spine.root_account_id = won.root_account_id and spine.as_of_date = won.as_of_date
    left join pursued on spine.root_account_id = pursued.root_account_id and spine.as_of_date = pursued.as_of_date
)

select * from final
