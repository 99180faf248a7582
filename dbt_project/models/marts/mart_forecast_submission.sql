-- The model's baseline of every node beside what people say of it this week and said last week. A number that nobody gave stays missing.
with forecasts as (
    select * from {{ ref('mart_period_forecast') }}
),

submissions as (
    select * from {{ ref('stg_landfall__submissions') }}
    where opportunity_id is null and is_newest
),

this_week as (
    select * from submissions
    where week_starts_on = cast(date_trunc('week', {{ as_of() }}) as date)
),

last_week as (
    select * from submissions
    where week_starts_on = cast(date_trunc('week', {{ as_of() }}) as date) - 7
),

teams as (
    select
        forecasts.parent_node_id as node_id,
        forecasts.period_id,
        sum(this_week.gross_amount) as team_gross_amount,
        count(*) as team_count,
        count(*) - count(this_week.submission_id) as team_missing_count
    from forecasts
    left join this_week on forecasts.node_id = this_week.node_id and forecasts.period_id = this_week.period_id
    where forecasts.parent_node_id is not null
    group by forecasts.parent_node_id, forecasts.period_id
),

-- Inverse to the squared errors of the past (Bates and Granger 1969), as far as periods have closed under this person's calls.
weights as (
    select said_by, node_id, own_weight_rate from {{ ref('mart_forecast_value_added') }}
    where period_id = 'all'
),

final as (
    select
        {{ build_id() }} as build_id,
        forecasts.node_id,
        forecasts.period_id,
        forecasts.node_name,
        this_week.said_by,
        this_week.door,
        this_week.reason,
        forecasts.mean as baseline_gross_amount,
        this_week.gross_amount as submitted_gross_amount,
        this_week.seen_baseline_gross_amount,
        this_week.adjustment_gross_amount,
        last_week.gross_amount as last_week_gross_amount,
        cast(
            weights.own_weight_rate * this_week.gross_amount + (1 - weights.own_weight_rate) * forecasts.mean as numeric(18, 2)
        ) as blend_gross_amount,
        weights.own_weight_rate,
        teams.team_gross_amount,
        cast(coalesce(teams.team_count, 0) as integer) as team_count,
        cast(coalesce(teams.team_missing_count, 0) as integer) as team_missing_count,
        this_week.submission_id is null as is_missing,
        this_week.is_late,
        this_week.as_of as submitted_on
    from forecasts
    left join this_week on forecasts.node_id = this_week.node_id and forecasts.period_id = this_week.period_id
    left join last_week on forecasts.node_id = last_week.node_id and forecasts.period_id = last_week.period_id
    left join weights on this_week.said_by = weights.said_by and this_week.node_id = weights.node_id
    left join teams on forecasts.node_id = teams.node_id and forecasts.period_id = teams.period_id
)

select * from final
