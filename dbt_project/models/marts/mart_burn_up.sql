-- The present period day by day at every node: won so far, what was forecast on each day, and from today on the way to the range at its end.
with forecasts as (
    select * from {{ ref('mart_period_forecast') }}
),

periods as (
    select period_id, starts_on, ends_on from {{ ref('int_review_periods') }}
    where period_kind = 'current'
),

numbers as (
    {{ number_series(130) }}
),

days as (
    select periods.period_id, periods.starts_on, periods.ends_on, periods.starts_on + numbers.n as day
    from periods
    cross join numbers
    where periods.starts_on + numbers.n <= periods.ends_on
),

won_on as (
    select ancestors.ancestor_id as node_id, facts.closed_on as day, sum(facts.won_gross_amount) as won
    from {{ ref('fct_opportunity_period') }} as facts
    inner join periods on facts.period_id = periods.period_id
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on ancestors.as_of_date = {{ as_of() }} and facts.leaf_node_id = ancestors.node_id
    where facts.won_gross_amount <> 0
    group by ancestors.ancestor_id, facts.closed_on
),

-- What the build that was published for a day said that day; none is made up in hindsight.
published as (
    select build_id, as_of, row_number() over (partition by as_of order by first_publication_id desc) as age
    from {{ ref('stg_landfall__builds') }}
    where {{ before_this_build('first_publication_id') }} and not coalesce(is_hindsight, false)
),

said as (
    select stood.node_id, stood.period_id, published.as_of as day, stood.mean, stood.p10, stood.p50, stood.p90
    from published
    inner join {{ ref('stg_landfall__period_forecasts') }} as stood
        on published.build_id = stood.build_id and stood.measure = 'signed_gross_amount'
    where published.age = 1 and published.as_of < {{ as_of() }}
    union all
    select node_id, period_id, as_of as day, mean, p10, p50, p90 from forecasts
),

placed as (
    select
        forecasts.node_id, forecasts.period_id, forecasts.target, forecasts.won, forecasts.p10, forecasts.p50, forecasts.p90, days.day,
        sum(coalesce(won_on.won, 0)) over (partition by forecasts.node_id order by days.day) as won_so_far,
        cast(greatest(days.day - {{ as_of() }}, 0) as numeric) / nullif(days.ends_on - {{ as_of() }}, 0) as way
    from forecasts
    inner join days on forecasts.period_id = days.period_id
    left join won_on on forecasts.node_id = won_on.node_id and days.day = won_on.day
),

final as (
    select
        {{ build_id() }} as build_id,
        placed.node_id,
        placed.period_id,
        placed.target as target_gross_amount,
        cast(case when placed.day <= {{ as_of() }} then placed.won_so_far end as numeric(18, 2)) as won_gross_amount,
        {% for quantile in ['p10', 'p50', 'p90'] -%}
        cast(
            case when placed.day >= {{ as_of() }} then placed.won + (placed.{{ quantile }} - placed.won) * coalesce(placed.way, 0) end
            as numeric(18, 2)
        ) as {{ quantile }}_way_gross_amount,
        {% endfor -%}
        said.mean as said_mean_gross_amount,
        said.p10 as said_p10_gross_amount,
        said.p50 as said_p50_gross_amount,
        said.p90 as said_p90_gross_amount,
        placed.day,
        {{ as_of() }} as as_of
    from placed
    left join said on placed.node_id = said.node_id and placed.period_id = said.period_id and placed.day = said.day
)

select * from final
