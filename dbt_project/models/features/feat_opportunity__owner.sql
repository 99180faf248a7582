-- How the owner of that day closed lately, and how much else is on that desk.
with spine as (
    select deal_day_id, opportunity_id, as_of_date, owner_id from {{ ref('int_open_opportunities_as_of') }}
),

closed as (
    select
        days.as_of_date,
        closings.owner_id,
        cast(sum(case when closings.outcome = 'won' then 1 else 0 end) as double precision) / count(*) as owner_win_rate_365d,
        max(closings.valid_from) as valid_from
    from {{ ref('int_closing_versions') }} as closings
    inner join {{ ref('int_as_of_days') }} as days
        on {{ known('closings', 'days.cutoff_at') }} and closings.closed_on > days.as_of_date - 365
    where closings.owner_id is not null
    group by days.as_of_date, closings.owner_id
),

carried as (
    select as_of_date, owner_id, cast(count(*) as integer) as owner_open_count from spine
    where owner_id is not null
    group by as_of_date, owner_id
),

final as (
    select
        spine.deal_day_id,
        spine.opportunity_id,
        spine.as_of_date,
        closed.owner_win_rate_365d,
        carried.owner_open_count,
        closed.valid_from as latest_known_at
    from spine
    left join closed on spine.owner_id = closed.owner_id and spine.as_of_date = closed.as_of_date
    left join carried on spine.owner_id = carried.owner_id and spine.as_of_date = carried.as_of_date
)

select * from final
