{#- Noise of one period's relative error: the own one, and 4 periods' worth of what it is over all lines; below 2 % is chance. -#}
{%- set own_worth, least_noise, usual_noise = 4, 0.02, 0.10 %}
-- Each person's calls against what landed, over the up to eight periods that end with each closed one, and how far chance alone would move it.
with depths as (
    select node_id, count(*) as depth from {{ ref('int_org_ancestors') }}
    where as_of_date = {{ as_of() }}
    group by node_id
),

placed as (
    select
        calls.said_by, calls.node_id, calls.node_level, calls.final_gross_amount as final, calls.actual_gross_amount as actual,
        calls.period_id, calls.period_starts_on, rank() over (partition by calls.said_by order by depths.depth) as place
    from {{ ref('mart_forecast_value_added') }} as calls
    inner join depths on calls.node_id = depths.node_id
    where calls.period_id <> 'all'
),

periods as (
    select period_id, ends_on, row_number() over (order by starts_on) as number
    from {{ ref('int_period_versions') }} as versions
    where period_kind = 'quarter' and {{ known('versions', as_of_cutoff()) }}
),

-- A manager who also speaks for people below is judged by the own line, which those below do not see.
calls as (
    select placed.*, periods.number, periods.ends_on from placed
    inner join periods on placed.period_id = periods.period_id
    where placed.place = 1
),

ends as (
    select distinct period_id as window_period_id, number as window_number, ends_on as window_ends_on from calls
),

windows as (
    select calls.*, ends.window_period_id, ends.window_number, ends.window_ends_on from calls
    inner join ends on calls.number between ends.window_number - 7 and ends.window_number
),

-- The bias is a ratio of sums; its noise is what is left of each period once the bias is taken out (Cochran 1977, Sampling Techniques, 6.4).
biases as (
    select
        said_by, node_id, max(node_level) as node_level, window_number, max(window_period_id) as window_period_id,
        max(window_ends_on) as window_ends_on, count(*) as n, min(period_starts_on) as window_starts_on,
        sum(final) / nullif(sum(actual), 0) - 1 as bias, avg(actual) as mean_actual,
        sum(final * final) - 2 * sum(final * actual) * sum(final) / nullif(sum(actual), 0)
        + sum(actual * actual) * power(sum(final) / nullif(sum(actual), 0), 2) as squares
    from windows
    group by said_by, node_id, window_number
),

relative as (
    select
        said_by, node_id, node_level, window_number, window_period_id, window_ends_on, n, window_starts_on, bias,
        {{ own_worth }} + n - 1 as df,
        greatest(squares, 0) / power(mean_actual, 2) as squares
    from biases
    where bias is not null
),

pooled as (
    select
        *,
        coalesce(
            sum(squares) over (partition by window_number) / nullif(sum(n - 1) over (partition by window_number), 0),
            power({{ usual_noise }}, 2)
        ) as usual_square
    from relative
),

final as (
    select
        said_by, node_id, node_level, window_number, window_period_id, window_ends_on, n, df, window_starts_on, bias,
        ({{ own_worth }} * greatest(usual_square, power({{ least_noise }}, 2)) + squares) / df / n as variance
    from pooled
)

select * from final
