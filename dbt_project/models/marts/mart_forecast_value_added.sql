{%- set own_worth = 4 %} {#- periods' worth of belief that a person and the baseline err alike; metrics M1 asks for as many before it judges -#}
-- Did people's numbers come nearer than the baseline that stood beside them? Each person's call of each closed period, and all of them.
with said as (
    select
        submissions.said_by, submissions.node_id, actuals.node_level, submissions.period_id, submissions.reason,
        submissions.seen_baseline_gross_amount as baseline, submissions.adjustment_gross_amount as adjustment,
        submissions.gross_amount as final, actuals.actual_gross_amount as actual, submissions.is_late,
        submissions.as_of as said_on, actuals.starts_on, submissions.submission_id,
        submissions.as_of < actuals.starts_on + {{ var('call_days') }} as is_early
    from {{ ref('stg_landfall__submissions') }} as submissions
    inner join {{ ref('int_period_actuals') }} as actuals
        on submissions.node_id = actuals.node_id and submissions.period_id = actuals.period_id
    where submissions.opportunity_id is null
),

-- One call a period: in time before late, the last of the first weeks, else the first after them. Both errors are of that moment.
ranked as (
    select
        *,
        row_number() over (
            partition by said_by, node_id, period_id
            order by is_late asc, is_early desc, case when is_early then -submission_id else submission_id end asc
        ) as place
    from said
),

calls as (
    select
        *, abs(baseline - actual) as baseline_error, abs(final - actual) as final_error,
        abs(baseline - actual) - abs(final - actual) as value_added,
        power((baseline - actual) / nullif(actual, 0), 2) as baseline_square, power((final - actual) / nullif(actual, 0), 2) as final_square
    from ranked
    where place = 1
),

spans as (
    select calls.*, period_id as span_id from calls
    union all
    select calls.*, 'all' as span_id from calls
),

summed as (
    select
        said_by, node_id, span_id, max(node_level) as node_level, count(*) as n, sum(baseline) as baseline, sum(adjustment) as adjustment,
        sum(final) as final, sum(actual) as actual, sum(baseline_error) as baseline_error, sum(final_error) as final_error,
        sum(value_added) as value_added, sum(case when value_added < 0 then 1 else 0 end) as harmed,
        sum(baseline_square) / nullif(sum(baseline_square) + sum(final_square), 0) as own_share,
        max(case when span_id <> 'all' then reason end) as reason, max(case when span_id <> 'all' then said_on end) as said_on,
        max(case when span_id <> 'all' then starts_on end) as starts_on, max(case when is_late then 1 else 0 end) = 1 as is_late
    from spans
    group by said_by, node_id, span_id
),

final as (
    select
        {{ build_id() }} as build_id,
        said_by,
        node_id,
        span_id as period_id,
        node_level,
        reason,
        cast(baseline as numeric(18, 2)) as baseline_gross_amount,
        cast(adjustment as numeric(18, 2)) as adjustment_gross_amount,
        cast(final as numeric(18, 2)) as final_gross_amount,
        cast(actual as numeric(18, 2)) as actual_gross_amount,
        cast(baseline_error as numeric(18, 2)) as baseline_error_gross_amount,
        cast(final_error as numeric(18, 2)) as final_error_gross_amount,
        cast(value_added as numeric(18, 2)) as value_added_gross_amount,
        {{ ratio('value_added', 'actual') }} as value_added_rate,
        case when span_id = 'all' then round((n * coalesce(own_share, 0.5) + {{ own_worth }} * 0.5) / (n + {{ own_worth }}), 6) end as own_weight_rate,
        cast(n as integer) as periods_count,
        cast(harmed as integer) as harmed_count,
        -- told once there are enough periods, most of them and their sum were made worse
        span_id = 'all' and n >= {{ own_worth }} and value_added < 0 and harmed * 2 > n as is_persistently_negative,
        is_late,
        said_on,
        starts_on as period_starts_on,
        {{ as_of() }} as as_of
    from summed
)

select * from final
