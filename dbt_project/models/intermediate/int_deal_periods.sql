-- Each deal in each period in which it was alive: its dates and amounts there, as far back as pages look.
with deals as (
    select *, gross_amount as amount from {{ ref('int_deals_as_of') }}
),

moves as (
    select
        opportunity_id, {{ business_day("valid_from - interval '1 second'") }} as moved_on,
        close_date_pushes_count - lag(close_date_pushes_count, 1, 0) over in_order as pushes_count,
        close_date_push_days - lag(close_date_push_days, 1, 0) over in_order as push_days,
        close_date_pull_ins_count - lag(close_date_pull_ins_count, 1, 0) over in_order as pull_ins_count
    from {{ ref('int_opportunity_versions') }}
    window in_order as (partition by opportunity_id order by valid_from)
),

moved as (
    select
        moves.opportunity_id, periods.period_id, sum(moves.pushes_count) as pushes_count, sum(moves.push_days) as push_days,
        sum(moves.pull_ins_count) as pull_ins_count
    from moves
    inner join {{ ref('int_review_periods') }} as periods on moves.moved_on between periods.starts_on and periods.ends_on
    where moves.pushes_count > 0 or moves.pull_ins_count > 0
    group by moves.opportunity_id, periods.period_id
),

final as (
    select
        deals.opportunity_id, deals.owner_id, deals.leaf_node_id, deals.opportunity_name, deals.pipeline, deals.sales_process,
        deals.product_line, deals.lead_source, deals.channel, deals.stage_code, deals.outcome, deals.amount, deals.stage_order,
        deals.stage_set_rate, coalesce(deals.amount > 0, false) as has_amount, deals.is_backfilled, deals.created_on, deals.expected_close_on, deals.closed_on,
        periods.period_id, periods.period_kind, periods.starts_on, periods.ends_on,
        coalesce(deals.closed_on between periods.starts_on and periods.ends_on, false) as is_closed_here,
        deals.created_on >= periods.starts_on as is_created_here_or_later,
        deals.created_on between periods.starts_on and periods.ends_on as is_created_here,
        deals.outcome = 'open' and coalesce(deals.expected_close_on between periods.starts_on and periods.ends_on, false) as is_open_here,
        first_day.opportunity_id is not null as is_frozen_here,
        first_day.open_gross_amount as frozen_amount,
        same_day.open_gross_amount as same_day_amount,
        coalesce(moved.pushes_count, 0) as pushes_count,
        coalesce(moved.push_days, 0) as push_days,
        coalesce(moved.pull_ins_count, 0) as pull_ins_count
    from deals
    inner join {{ ref('int_review_periods') }} as periods
        on deals.created_on <= periods.ends_on and (deals.closed_on is null or deals.closed_on >= periods.starts_on)
    left join {{ ref('int_pipeline_as_of') }} as first_day
        on
            deals.opportunity_id = first_day.opportunity_id and periods.starts_on = first_day.as_of_date
            and first_day.expected_close_on between periods.starts_on and periods.ends_on
    left join {{ ref('int_pipeline_as_of') }} as same_day
        on
            deals.opportunity_id = same_day.opportunity_id and periods.same_day_on = same_day.as_of_date
            and periods.period_kind = 'past' and same_day.expected_close_on between periods.starts_on and periods.ends_on
    left join moved on deals.opportunity_id = moved.opportunity_id and periods.period_id = moved.period_id
)

select * from final
