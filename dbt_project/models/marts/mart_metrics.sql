{%- set sums = additive_amounts() + additive_counts() %}
-- The metrics of each period at every node, whole and by slice: what adds up, targets, and the ratios of both.
with facts as (
    select * from {{ ref('fct_opportunity_period') }}
),

sliced as (
    {{ sliced('facts') }}
    {% for name, kind in tree_kinds().items() -%}
    union all
    -- a deal counts at its own value and at every one above it
    select facts.*, '{{ name }}' as slice_kind, above.ancestor_value as slice_value
    from facts
    inner join {{ ref('int_slice_ancestors') }} as above on above.slice_kind = '{{ kind }}' and coalesce(facts.{{ kind }}, 'none') = above.slice_value
    {% endfor %}
),

placed as (
    select sliced.*, ancestors.ancestor_id as node_id
    from sliced
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on ancestors.as_of_date = {{ as_of() }} and sliced.leaf_node_id = ancestors.node_id
),

sums as (
    {{ summed_metrics('placed', ['node_id', 'slice_kind', 'slice_value', 'period_id']) }}
),

-- Velocity by process, then added: segments must not be mixed (M6). The present period and the four before it.
speeds as (
    select
        node_id, slice_kind, slice_value, sales_process, sum(qualified_now_count) as qualified_now_count,
        sum(won_gross_amount) / nullif(sum(won_count), 0) as won_size,
        cast(sum(won_count) as numeric) / nullif(sum(won_count + lost_count), 0) as win_rate, avg(cycle_days) as cycle_days
    from placed
    where
        period_id in (
            select period_id from {{ ref('int_review_periods') }}
            where starts_on <= {{ as_of() }} and ends_on >= {{ as_of() }} - 365
        )
    group by node_id, slice_kind, slice_value, sales_process
),

velocities as (
    select node_id, slice_kind, slice_value, sum(qualified_now_count * won_size * win_rate / nullif(cycle_days, 0)) as velocity
    from speeds
    group by node_id, slice_kind, slice_value
),

-- What became of the pipeline of the same relative day, over the past periods that we can look back on.
looked_back as (
    select count(*) as periods_count from {{ ref('int_review_periods') }}
    where period_kind = 'past' and same_day_on is not null
),

yields as (
    select
        sums.node_id, sums.slice_kind, sums.slice_value,
        sum(sums.won_gross_amount) / nullif(sum(sums.same_day_open_gross_amount), 0) as yield_rate
    from sums
    inner join {{ ref('int_review_periods') }} as periods on sums.period_id = periods.period_id and periods.period_kind = 'past'
    cross join looked_back
    where periods.same_day_on is not null and looked_back.periods_count >= {{ var('yield_least_periods') }}
    group by sums.node_id, sums.slice_kind, sums.slice_value
),

targets as (
    select split_part(key, '|', 1) as node_id, split_part(key, '|', 2) as period_id, gross_amount as target_gross_amount
    from {{ ref('int_setting_versions') }} as versions
    where kind = 'target' and {{ known('versions', as_of_cutoff()) }}
),

-- Every node has a row for the whole of every period, also without deals.
cells as (
    select nodes.node_id, 'all' as slice_kind, 'all' as slice_value, periods.period_id
    from {{ ref('int_org_nodes') }} as nodes
    cross join {{ ref('int_review_periods') }} as periods
    where nodes.as_of_date = {{ as_of() }}
    union
    select node_id, slice_kind, slice_value, period_id from sums
),

metrics as (
    select
        cells.*, nodes.parent_node_id, nodes.node_level, nodes.name as node_name, periods.period_kind, periods.ends_on, targets.target_gross_amount,
        {% for figure in sums %}coalesce(sums.{{ figure }}, 0) as {{ figure }},
        {% endfor %}sums.largest_open_gross_amount, sums.cycle_days_median, sums.cycle_days_p90, sums.lost_cycle_days_median,
        case when periods.period_kind = 'current' then velocities.velocity end as velocity,
        case when periods.period_kind = 'current' then yields.yield_rate end as yield_rate,
        forecasts.mean as forecast_gross_amount
    from cells
    inner join {{ ref('int_org_nodes') }} as nodes on nodes.as_of_date = {{ as_of() }} and cells.node_id = nodes.node_id
    inner join {{ ref('int_review_periods') }} as periods on cells.period_id = periods.period_id
    left join sums
        on
            cells.node_id = sums.node_id and cells.slice_kind = sums.slice_kind and cells.slice_value = sums.slice_value
            and cells.period_id = sums.period_id
    {% for relation in ['velocities', 'yields'] -%}
    left join {{ relation }}
        on
            cells.node_id = {{ relation }}.node_id and cells.slice_kind = {{ relation }}.slice_kind
            and cells.slice_value = {{ relation }}.slice_value
    {% endfor %}
    left join targets on cells.slice_kind = 'all' and cells.node_id = targets.node_id and cells.period_id = targets.period_id
    left join {{ ref('mart_period_forecast') }} as forecasts
        on cells.slice_kind = 'all' and cells.node_id = forecasts.node_id and cells.period_id = forecasts.period_id
),

final as (
    {{ metric_columns() }}
    from metrics
)

select * from final
