-- What had come in by the same point of earlier periods: the one before, last year's, and last year's as far from its Spring Festival.
with days as (
    select * from {{ ref('int_days_as_of') }}
),

periods as (
    select *, row_number() over (order by starts_on desc) - 1 as steps_back from {{ ref('int_review_periods') }}
    where period_kind <> 'future'
),

present as (
    select period_id, starts_on from periods
    where steps_back = 0
),

-- Only the quarter that holds the festival is moved by it.
festival as (
    select min(firsts.spring_festival_day_before) as from_on, min(lasts.spring_festival_day_before) as to_on
    from present
    inner join days as firsts on present.starts_on = firsts.day
    inner join days as lasts on lasts.day = {{ as_of() }}
    inner join days as festivals on present.period_id = festivals.quarter_id and festivals.days_to_spring_festival = 0
),

spans as (
    select 'current' as comparison, starts_on as from_on, {{ as_of() }} as to_on from present
    union all
    select case when steps_back = 1 then 'previous_period' else 'last_year' end as comparison, starts_on as from_on, same_day_on as to_on
    from periods
    where steps_back in (1, 4) and same_day_on is not null
    union all
    select 'last_year_spring_festival' as comparison, from_on, to_on from festival
    where from_on is not null
),

worked as (
    select spans.comparison, spans.from_on, spans.to_on, sum({{ when('days.is_working_day') }}) as working_days_count
    from spans
    left join days on spans.from_on <= days.day and days.day <= spans.to_on
    group by spans.comparison, spans.from_on, spans.to_on
),

won as (
    select
        spans.comparison, ancestors.ancestor_id as node_id, count(*) as won_count, sum(deals.gross_amount) as won_gross_amount
    from {{ ref('int_deals_as_of') }} as deals
    inner join spans on spans.from_on <= deals.closed_on and deals.closed_on <= spans.to_on
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on ancestors.as_of_date = {{ as_of() }} and deals.leaf_node_id = ancestors.node_id
    where deals.outcome = 'won'
    group by spans.comparison, ancestors.ancestor_id
),

final as (
    select
        {{ build_id() }} as build_id,
        nodes.node_id,
        worked.comparison,
        present.period_id,
        cast(coalesce(won.won_gross_amount, 0) as numeric(18, 2)) as won_gross_amount,
        cast(coalesce(won.won_count, 0) as integer) as won_count,
        cast(worked.working_days_count as integer) as working_days_count,
        worked.from_on,
        worked.to_on,
        {{ as_of() }} as as_of
    from {{ ref('int_org_nodes') }} as nodes
    cross join present
    cross join worked
    left join won on nodes.node_id = won.node_id and worked.comparison = won.comparison
    where nodes.as_of_date = {{ as_of() }}
)

select * from final
