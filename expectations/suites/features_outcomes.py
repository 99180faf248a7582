"""What the model learns from and what periods start from: outcomes known by the day, period features that add up."""

from datetime import date
from string import Template

from expectations.checks import Suite, has_rows, holds, unique, within

_OUTCOMES = """
select opportunity_id as record_id, outcome in ('open', 'won', 'lost') as is_outcome_named,
    (outcome = 'open') = (closed_on is null) as is_closing_dated,
    coalesce(outcome_known_on <= $as_of, outcome = 'open') as is_known_by_the_day,
    coalesce(closed_on >= created_on, true) as is_closed_after_creation
from features.opportunity_outcomes
"""
_PERIODS = """
select p.node_id || ' ' || p.window_id as record_id, p.as_of_date, p.node_id, p.window_id, p.won_gross_amount,
    p.window_kind <> 'current' or p.won_gross_amount is not null as is_won_known,
    p.window_kind <> 'current' or c.won is null or abs(c.won - p.won_gross_amount) < 0.01 as is_sum_of_children
from features.period_features as p
left join (
    select parent_node_id, window_id, sum(won_gross_amount) as won from features.period_features
    where as_of_date = $as_of group by parent_node_id, window_id
) as c on c.parent_node_id = p.node_id and c.window_id = p.window_id
where p.as_of_date = $as_of
"""


def outcome_suites(as_of: date) -> list[Suite]:
    """The suites of outcomes and of period features."""
    day = f"date '{as_of}'"
    again = f"run `python -m nightly dbt features --as-of {as_of}`, then rerun the gate"
    return [
        Suite(
            "features.outcomes",
            "features.opportunity_outcomes",
            Template(_OUTCOMES).substitute(as_of=day),
            again,
            (
                has_rows("every deal has an outcome, open ones too"),
                unique(["record_id"], "one outcome a deal"),
                holds("is_outcome_named", "open, won or lost"),
                holds("is_closing_dated", "a closed deal has its day, an open one has none"),
                holds("is_known_by_the_day", "an outcome learnt later would be a look ahead"),
                holds(
                    "is_closed_after_creation",
                    "entered after the fact; more than one in five would be a broken date",
                    mostly=0.8,
                ),
            ),
        ),
        Suite(
            "features.periods",
            "features.period_features",
            Template(_PERIODS).substitute(as_of=day),
            again,
            (
                has_rows("without its rows there is no forecast"),
                unique(["as_of_date", "node_id", "window_id"], "the table's key"),
                holds("is_won_known", "won to date is a sum, at least zero"),
                within("won_gross_amount", 0, None, "a sum of signed amounts"),
                holds("is_sum_of_children", "a node's won amount is that of its children, to the cent"),
            ),
        ),
    ]
