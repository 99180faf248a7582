-- What stood open and what was won of each period at every node, on each day of the present period and the day of past ones that lies in them as it does.
with periods as (
    select *, row_number() over (order by starts_on desc) - 1 as steps_back from {{ ref('int_review_periods') }}
    where starts_on <= {{ as_of() }}
),

same_days as (
    select * from {{ ref('int_same_days') }}
),

deals as (
    select opportunity_id, leaf_node_id, created_on, closed_on from {{ ref('int_deals_as_of') }}
),

-- The days on which a deal stood open and due in a period, at one amount in base currency: as known on each, at the rate of each.
spans as (
    select
        periods.period_id,
        deals.leaf_node_id,
        cast(round(versions.original_amount * rates.fx_rate, 2) as numeric(18, 2)) as amount,
        greatest(
            {{ business_day("greatest(versions.valid_from, rates.valid_from) - interval '1 microsecond'") }},
            {{ business_day('versions.created_at') }},
            periods.starts_on - 1
        ) as from_on,
        {{ business_day("least(versions.valid_to, rates.valid_to) - interval '1 microsecond'") }} as until_on
    from {{ ref('int_open_versions') }} as versions
    inner join periods on versions.expected_close_on between periods.starts_on and periods.ends_on
    inner join deals
        on
            versions.opportunity_id = deals.opportunity_id and deals.created_on <= periods.ends_on
            and (deals.closed_on is null or deals.closed_on >= periods.starts_on)
    inner join {{ ref('int_fx_rate_versions') }} as rates
        on
            coalesce(versions.currency, {{ base_currency() }}) = rates.currency
            and versions.valid_from < rates.valid_to and rates.valid_from < versions.valid_to
    where versions.original_amount <> 0
),

changes as (
    select period_id, leaf_node_id, from_on as changed_on, amount as opened, 0 as won from spans
    where from_on < until_on
    union all
    select period_id, leaf_node_id, until_on as changed_on, -amount as opened, 0 as won from spans
    where from_on < until_on
    union all
    select period_id, leaf_node_id, closed_on as changed_on, 0 as opened, won_gross_amount as won
    from {{ ref('fct_opportunity_period') }}
    where won_gross_amount <> 0
),

summed as (
    select period_id, leaf_node_id, changed_on, sum(opened) as opened, sum(won) as won
    from changes
    group by period_id, leaf_node_id, changed_on
),

-- What changed on days of a past period that lie between two of the present one counts from the later on.
placed as (
    select ancestors.ancestor_id as node_id, summed.period_id, same_days.day, sum(summed.opened) as opened, sum(summed.won) as won
    from summed
    inner join same_days
        on
            summed.period_id = same_days.period_id
            and same_days.previous_same_on < summed.changed_on and summed.changed_on <= same_days.same_on
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on ancestors.as_of_date = {{ as_of() }} and summed.leaf_node_id = ancestors.node_id
    group by ancestors.ancestor_id, summed.period_id, same_days.day
),

targets as (
    select split_part(key, '|', 1) as node_id, split_part(key, '|', 2) as period_id, gross_amount as target_gross_amount
    from {{ ref('int_setting_versions') }} as versions
    where kind = 'target' and {{ known('versions', as_of_cutoff()) }}
),

final as (
    select
        nodes.node_id, periods.period_id, periods.steps_back, same_days.day, same_days.is_known, targets.target_gross_amount,
        sum(coalesce(placed.opened, 0)) over so_far as open_gross_amount,
        sum(coalesce(placed.won, 0)) over so_far as won_gross_amount
    from {{ ref('int_org_nodes') }} as nodes
    cross join periods
    inner join same_days on periods.period_id = same_days.period_id
    left join placed on nodes.node_id = placed.node_id and same_days.period_id = placed.period_id and same_days.day = placed.day
    left join targets on nodes.node_id = targets.node_id and periods.period_id = targets.period_id
    where nodes.as_of_date = {{ as_of() }} and (periods.steps_back > 0 or same_days.day <= {{ as_of() }})
    window so_far as (partition by nodes.node_id, periods.period_id order by same_days.day)
)

select * from final
