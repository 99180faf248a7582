{%- set in_period = "between stood.period_starts_on and stood.period_ends_on" %}
-- What each deal adds to the movement of the present period's pipeline: in it at the start, what happened since, in it at the end.
with spans as (
    select * from {{ ref('int_movement_spans') }}
),

starts as (
    select
        spans.span_kind, pipeline.opportunity_id, pipeline.open_gross_amount as amount, pipeline.expected_close_on,
        coalesce(reps.node_id, companies.node_id) as leaf_node_id
    from {{ ref('int_pipeline_as_of') }} as pipeline
    inner join spans on pipeline.as_of_date = spans.from_on
    inner join {{ ref('int_org_nodes') }} as companies
        on spans.from_on = companies.as_of_date and companies.node_level = 'company'
    left join {{ ref('int_org_nodes') }} as reps
        on
            spans.from_on = reps.as_of_date and coalesce(pipeline.owner_id, 'unassigned') = reps.node_id and reps.node_level = 'rep'
),

closed_before as (
    select spans.span_kind, closings.opportunity_id
    from {{ ref('int_closing_versions') }} as closings
    inner join spans on {{ known('closings', 'spans.from_cutoff_at') }}
),

deals as {{ read_once() }} (
    select * from {{ ref('int_deals_as_of') }}
),

ends as (
    select spans.span_kind, deals.*, coalesce(deals.gross_amount, 0) as amount
    from deals
    cross join spans
),

stood as (
    select
        spans.*,
        coalesce(starts.opportunity_id, ends.opportunity_id) as opportunity_id, starts.leaf_node_id as from_node_id,
        -- a deal that is gone leaves from where it stood
        coalesce(ends.leaf_node_id, starts.leaf_node_id) as to_node_id,
        starts.opportunity_id is not null as was_open, closed_before.opportunity_id is not null as was_closed,
        coalesce(ends.outcome, 'removed') as outcome, starts.amount as from_amount, starts.expected_close_on as from_close_on,
        ends.amount as to_amount, ends.expected_close_on as to_close_on, ends.closed_on
    from starts
    full join ends on starts.span_kind = ends.span_kind and starts.opportunity_id = ends.opportunity_id
    inner join spans on coalesce(starts.span_kind, ends.span_kind) = spans.span_kind
    left join closed_before on ends.span_kind = closed_before.span_kind and ends.opportunity_id = closed_before.opportunity_id
),

judged as (
    select
        stood.*,
        was_open and coalesce(from_close_on {{ in_period }}, false) as was_in,
        outcome = 'open' and coalesce(to_close_on {{ in_period }}, false) as is_in,
        outcome = 'won' and (
            (was_open and coalesce(from_close_on {{ in_period }}, false))
            or (closed_on {{ in_period }} and (not was_closed or closed_on > from_on))
        ) as is_won_now,
        -- created and lost since, and meant for this period
        outcome = 'lost' and not was_open and not was_closed and coalesce(to_close_on {{ in_period }}, false) as is_lost_at_once
    from stood
),

-- Whoever was not in, and is in, was won or was lost at once, came in somehow, with the amount that it had then.
flows as (
    select
        judged.*,
        not was_in and (is_in or is_won_now or is_lost_at_once) as is_entering,
        case when was_open then from_amount else to_amount end as entry_amount
    from judged
),

measured as (
    select
        span_kind, opportunity_id, period_id, from_node_id, to_node_id, from_on,
        {{ when('was_in', 'from_amount') }} as opening,
        {{ when('is_entering and not was_open and not was_closed', 'entry_amount') }} as created,
        {{ when('is_entering and not was_open and was_closed', 'entry_amount') }} as reopened,
        {{ when('is_entering and was_open and from_close_on > period_ends_on', 'entry_amount') }} as pulled_in,
        {{ when('is_entering and was_open and coalesce(from_close_on, period_starts_on - 1) < period_starts_on', 'entry_amount') }}
            as rolled_in,
        {{ when('(was_in or is_entering) and (is_in or is_won_now)', 'to_amount - case when was_open then from_amount else to_amount end') }}
            as amount_change,
        -({{ when('is_won_now', 'to_amount') }}) as won,
        -({{ when("outcome = 'lost' and (was_in or is_lost_at_once)", 'case when was_in then from_amount else to_amount end') }}) as lost,
        -({{ when("was_in and outcome = 'open' and to_close_on > period_ends_on", 'from_amount') }}) as pushed_out,
        -({{ when("was_in and outcome = 'open' and coalesce(to_close_on, period_starts_on - 1) < period_starts_on", 'from_amount') }})
            as dated_earlier,
        -({{ when("was_in and outcome = 'removed'", 'from_amount') }}) as removed,
        {{ when('is_in', 'to_amount') }} as closing,
        was_in
    from flows
    where was_in or is_entering
),

final as (
    select
        span_kind, opportunity_id, period_id, from_node_id, to_node_id, opening, created, reopened, pulled_in, rolled_in,
        greatest(amount_change, 0) as amount_up, least(amount_change, 0) as amount_down, won, lost, pushed_out, dated_earlier, removed,
        closing, was_in, from_on
    from measured
)

select * from final
