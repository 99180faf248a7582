"""Ranges are as wide as a tenant's own past forecasts say they must be: wider after misses, narrower after periods well inside."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.draws import DRAWS, drifted
from ml.errors import FARTHEST, Told, range_scale, range_scales, read_told
from ml.forecast import forecast_rows
from ml.tree import Tree
from tests.ml.test_forecast import THREE, by_node, windows
from warehouse.connection import connect

DAY = date(2025, 6, 30)


def told(landed: float, **more: Any) -> Told:
    return Told(80.0, 100.0, 140.0, landed, **more)


def test_a_tenant_without_a_past_has_the_ranges_measured_on_others() -> None:
    assert range_scale([]) == 1


def test_ranges_grow_after_misses_and_shrink_after_many_that_held_easily() -> None:
    few, many = range_scale([told(60.0)] * 3), range_scale([told(60.0)] * 12)
    assert 1 < few < many < told(60.0).off
    assert 0.5 < range_scale([told(104.0)] * 12) < range_scale([told(104.0)] * 3) < 1


def test_each_side_is_measured_by_its_own_width_and_one_freak_does_not_count_without_end() -> None:
    assert told(140.0).off == told(80.0).off == pytest.approx(1.2816)
    assert told(1e9).off == FARTHEST
    assert told(140.0, scale=2.0).off == pytest.approx(2 * 1.2816)  # a range that was widened already


def test_forecasts_that_overlap_count_as_the_share_of_a_period_that_is_their_own() -> None:
    assert range_scale([told(60.0, weight=0.1)] * 30) == pytest.approx(range_scale([told(60.0)] * 3))


def test_each_depth_has_a_scale_of_its_own_and_nodes_of_one_period_tell_less_than_as_many_periods() -> None:
    calm = [told(104.0, period=f"q{n}") for n in range(4)]
    bad = [told(60.0, depth=1, period=f"q{n}") for n in range(4) for _ in range(9)]
    found = range_scales([*calm, *bad])
    assert found == {0: range_scale(calm), 1: pytest.approx(range_scale([told(60.0)] * 12))}  # 4 periods, each worth √9
    assert range_scales([]) == {}


ROOT, LEAVES = 0, 4
FLAT = Tree(["top", *"abcd"], np.array([-1, 0, 0, 0, 0]), ["p"] * 5, np.zeros(5, dtype=np.int64))


def moved(top: float, below: float, spread: float = 0.2) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]":
    """(DRAWS, nodes) totals of a company of four like parts before and after: all of it comes from open deals."""
    own = np.zeros((DRAWS, 5), dtype=np.int64)
    own[:, 1:] = np.round(np.random.default_rng(1).lognormal(10, spread, (DRAWS, LEAVES)))
    scale = np.array([top, *[below] * LEAVES])
    return FLAT.summed(own), FLAT.summed(drifted(own, 0 * own, FLAT, scale, np.random.default_rng(2)))


def relative(totals: "np.ndarray[Any, Any]") -> float:
    return float(totals.std() / totals.mean())


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.8])
def test_the_whole_s_spread_becomes_so_many_times_what_it_was_and_its_middle_stays(scale: float) -> None:
    own, after = moved(scale, scale)
    usual = moved(1.0, 1.0)[1]
    least = relative(own[:, ROOT]) / relative(usual[:, ROOT])  # deals alone: narrower than that no error makes it
    assert relative(after[:, ROOT]) / relative(usual[:, ROOT]) == pytest.approx(max(scale, least), rel=0.06)
    assert np.median(after[:, ROOT]) == pytest.approx(np.median(own[:, ROOT]), rel=0.02)


def test_parts_that_miss_more_than_the_whole_are_widened_and_the_whole_stays_as_wide_as_it_was_told() -> None:
    usual, after = moved(1.0, 1.0, 0.1)[1], moved(1.3, 1.6, 0.1)[1]
    assert relative(after[:, ROOT]) / relative(usual[:, ROOT]) == pytest.approx(1.3, rel=0.06)
    for part in range(1, 1 + LEAVES):
        assert relative(after[:, part]) / relative(usual[:, part]) == pytest.approx(1.6, rel=0.08)
    assert after.mean(axis=0) == pytest.approx(usual.mean(axis=0), rel=0.01)


def test_parts_that_are_as_usual_have_no_error_of_their_own_beside_the_common_one() -> None:
    own, after = moved(1.0, 1.0)
    drift = after[:, 1:] / own[:, 1:]
    assert np.allclose(drift, drift[:, :1], rtol=1e-3)


def test_the_forecast_is_as_wide_as_it_is_told_and_keeps_its_mean() -> None:
    usual, wide = (by_node(forecast_rows(windows(4), THREE, "b", 1, scales)) for scales in ({}, {0: 1.5, 1: 1.2}))
    assert [row["mean"] for row in usual.values()] == [row["mean"] for row in wide.values()]
    for node in ("company", "north"):
        assert wide[node]["p90"] - wide[node]["p10"] > usual[node]["p90"] - usual[node]["p10"]
    assert [wide[node]["scale"] for node in ("company", "north", "ann")] == [1.5, 1.2, 1.0]


@pytest.fixture
def past(features_schema: Callable[[pd.DataFrame], None], pipeline: Callable[..., pd.DataFrame]) -> Iterator[None]:
    """The day lies 60 days before its period's end. 2025Q1 landed at 900.00; it was replayed 88, 60 and 58 days before its end."""
    features_schema(pipeline(3).head(0))
    ends = date(2025, 3, 31)
    with connect("transformer") as connection:
        for window, kind, period, won, new, open_won, end in (
            ("now", "current", "2025Q3", 100, None, None, DAY + timedelta(days=60)),
            ("a", "period", "2025Q1", 500, 300, 100, ends),
            ("b", "period", "2024Q4", 400, 300, 100, date(2024, 12, 31)),
        ):
            connection.execute(
                "insert into features.period_features (as_of_date, node_id, window_id, window_kind, period_id, won_gross_amount,"
                " new_gross_amount, open_won_gross_amount, rest_is_known, window_ends_on)"
                " values (%s, 'company', %s, %s, %s, %s, %s, %s, true, %s)",
                (DAY, window, kind, period, won, new, open_won, end),
            )
    with connect("ml") as connection:
        for left, low, scale in ((88, 1, None), (60, 700, 1.25), (58, 2, None)):
            connection.execute(
                """insert into scores.period_backtests (build_id, node_id, period_id, measure, won, from_open, from_new, mean,
                   p10, p50, p90, as_of, fitted_on, tier, range_scale)
                   values (%s, 'company', '2025Q1', 'm', 0, 800, 0, 800, %s, 800, 1000, %s, %s, 's', %s)""",
                (f"past_{left}", low, ends - timedelta(days=left), ends, scale),
            )
    yield
    with connect("owner_ddl") as connection:
        connection.execute("delete from scores.period_backtests where build_id like 'past%%'")


def test_of_each_period_that_is_over_the_forecast_as_far_from_its_end_is_read_as_the_day_is_from_its_own(
    past: None,
) -> None:
    assert read_told(DAY) == [Told(700.0, 800.0, 1000.0, 900.0, 1.25, 1.0, 0, "2025Q1")]
    assert read_told(DAY - timedelta(days=1)) == []  # without features of the day nothing is known to be over


def test_every_node_of_the_day_s_tree_is_read_with_its_depth(past: None) -> None:
    """A node that the tree no longer has taught something about another organisation."""
    with connect("transformer") as connection:
        for node, above in (("north", "company"), ("ann", "north")):
            connection.execute(
                "insert into features.period_features (as_of_date, node_id, parent_node_id, window_id, window_kind, period_id,"
                " won_gross_amount, new_gross_amount, open_won_gross_amount, rest_is_known, window_ends_on)"
                " select as_of_date, %s, %s, window_id, window_kind, period_id, won_gross_amount / 2, new_gross_amount / 2,"
                " open_won_gross_amount / 2, rest_is_known, window_ends_on from features.period_features where node_id = 'company'",
                (node, above),
            )
    with connect("ml") as connection:
        for node in ("north", "ann", "gone"):
            connection.execute(
                """insert into scores.period_backtests (build_id, node_id, period_id, measure, won, from_open, from_new, mean,
                   p10, p50, p90, as_of, fitted_on, tier, range_scale)
                   select build_id, %s, period_id, measure, won, from_open, from_new, mean, p10, p50, p90, as_of, fitted_on, tier, 1.5
                   from scores.period_backtests where build_id = 'past_60' and node_id = 'company'""",
                (node,),
            )
    assert [(each.depth, each.landed, each.scale) for each in read_told(DAY)] == [
        (2, 450, 1.5),
        (0, 900, 1.25),
        (1, 450, 1.5),
    ]
    assert list(range_scales(read_told(DAY))) == [0, 1, 2]


def nights(*builds: tuple[str, str, bool, str | None, int]) -> None:
    """Builds of the day 60 days before the end of 2025Q1: id, state, whether in hindsight, when it was closed, p10."""
    with connect("owner_ddl") as connection:
        for build_id, state, is_hindsight, closed_at, low in builds:
            connection.execute(
                """insert into ops.builds (build_id, as_of, inputs_digest, code_version, seed, state, is_hindsight, closed_at)
                   values (%s, '2025-01-30', '', '', 1, %s, %s, %s)""",
                (build_id, state, is_hindsight, closed_at),
            )
            connection.execute(
                """insert into scores.period_forecasts (build_id, node_id, period_id, measure, won, from_open, from_new, mean,
                   p10, p50, p90, range_scale) values (%s, 'company', '2025Q1', 'm', 0, 800, 0, 800, %s, 800, 1000, 1)""",
                (build_id, low),
            )


@pytest.fixture
def no_nights_after(tenant_database: str) -> Iterator[None]:
    yield
    with connect("owner_ddl") as connection:
        connection.execute("delete from scores.period_forecasts")
        connection.execute("delete from ops.builds")


def test_what_was_made_in_hindsight_or_blocked_teaches_nothing(past: None, no_nights_after: None) -> None:
    nights(("past_b", "blocked", False, None, 100), ("past_h", "retired", True, "2025-07-01", 200))
    assert [each.low for each in read_told(DAY)] == [700]  # the replay of that day


def test_of_several_builds_of_a_day_the_one_that_was_shown_last_counts(past: None, no_nights_after: None) -> None:
    nights(
        ("past_1", "retired", False, "2025-01-31 08:00Z", 300),
        ("past_2", "retired", False, "2025-01-31 06:00Z", 400),
        ("past_3", "building", False, None, 500),
    )
    assert [each.low for each in read_told(DAY)] == [300]
