"""May the CRM be told this? The build's probabilities and period forecasts: complete, in range, coherent."""

from string import Template

from expectations.checks import Suite, has_rows, holds, unique, within
from warehouse.builds import Build

TOLERANCE = 0.000000001  # floating point of calibrated log-odds; a real contradiction is far larger

_SCORES = """
select coalesce(s.opportunity_id, o.opportunity_id) as record_id, s.p_win_ever, s.p_win_by_period_end,
    s.opportunity_id is not null as is_scored,
    o.opportunity_id is not null as is_open,
    coalesce(s.p_win_by_period_end <= s.p_win_ever + $tolerance, true) as is_period_within_ever,
    coalesce((s.p_win_by_horizon ->> '7')::numeric <= (s.p_win_by_horizon ->> '14')::numeric + $tolerance
        and (s.p_win_by_horizon ->> '14')::numeric <= (s.p_win_by_horizon ->> '30')::numeric + $tolerance
        and (s.p_win_by_horizon ->> '30')::numeric <= (s.p_win_by_horizon ->> '60')::numeric + $tolerance
        and (s.p_win_by_horizon ->> '60')::numeric <= (s.p_win_by_horizon ->> '90')::numeric + $tolerance, s.opportunity_id is null)
        as is_growing_with_time,
    coalesce(s.as_of = $as_of and s.model_version = '$model_version', true) as is_from_this_build,
    coalesce(jsonb_array_length(s.reasons) > 0, true) as has_reasons
from (select * from scores.opportunity_scores where build_id = '$build_id') as s
full join (select opportunity_id from intermediate.int_open_opportunities_as_of where as_of_date = $as_of) as o
    on o.opportunity_id = s.opportunity_id
"""
_FORECASTS = """
select f.node_id || ' ' || f.period_id || ' ' || f.measure as record_id,
    abs(f.mean - f.won - f.from_open - f.from_new) < 0.01 as is_sum_of_parts,
    coalesce(f.p10 <= f.p50 and f.p50 <= f.p90, true) as is_range_ordered,
    f.p50 is not null as has_range,
    f.won >= 0 and f.from_open >= 0 and f.from_new >= 0 as is_not_negative,
    coalesce(abs(f.won - c.won) < 0.01 and abs(f.from_open - c.from_open) < 0.01 and abs(f.from_new - c.from_new) < 0.01, true)
        as is_sum_of_children
from (select * from scores.period_forecasts where build_id = '$build_id') as f
left join (
    select p.parent_node_id, k.period_id, k.measure, sum(k.won) as won, sum(k.from_open) as from_open, sum(k.from_new) as from_new
    from scores.period_forecasts as k
    join features.period_features as p
        on p.node_id = k.node_id and p.period_id = k.period_id and p.as_of_date = $as_of and p.window_kind = 'current'
    where k.build_id = '$build_id'
    group by p.parent_node_id, k.period_id, k.measure
) as c on c.parent_node_id = f.node_id and c.period_id = f.period_id and c.measure = f.measure
"""


def suites(build: Build) -> list[Suite]:
    """The suites of the build's scores and forecasts."""

    def filled(query: str) -> str:
        return Template(query).substitute(
            build_id=build.build_id,
            as_of=f"date '{build.as_of}'",
            model_version=build.model_version,
            tolerance=f"{TOLERANCE:.9f}",
        )

    return [
        Suite(
            "scores.opportunities",
            "scores.opportunity_scores",
            filled(_SCORES),
            f"run `python -m ml score --as-of {build.as_of}` and the steps after it",
            (
                has_rows("a build without scores tells nothing"),
                unique(["record_id"], "one score a deal"),
                holds("is_scored", "every open deal is scored, once"),
                holds("is_open", "a closed deal must not be told a chance"),
                within("p_win_ever", 0, 1, "a probability"),
                within("p_win_by_period_end", 0, 1, "a probability"),
                holds("is_period_within_ever", "what is won by the period's end is won ever"),
                holds("is_growing_with_time", "more time never lowers the chance; all five horizons are there"),
                holds("is_from_this_build", "the model and day that the build names"),
                holds("has_reasons", "a number without reasons persuades nobody", level="warning"),
            ),
        ),
        Suite(
            "scores.forecasts",
            "scores.period_forecasts",
            filled(_FORECASTS),
            f"run `python -m ml forecast --as-of {build.as_of}` and the steps after it",
            (
                has_rows("a build without a forecast tells nothing"),
                unique(["record_id"], "one forecast a node, period and measure"),
                holds("is_sum_of_parts", "mean = won + from open deals + from new business, to the cent"),
                holds("is_range_ordered", "P10 ≤ P50 ≤ P90"),
                holds("is_not_negative", "sums of amounts that are not negative"),
                holds("is_sum_of_children", "what children expect adds up to their parent, to the cent"),
                holds("has_range", "too little history for a range is said, not hidden", level="warning"),
            ),
        ),
    ]
