"""Worlds of the sandbox: what landed where, the naive rule's range, the figures of both contenders; fifty worlds only in the soak."""

import subprocess
import sys
from datetime import date

import pytest

from bench.lived import Lived
from bench.naive import Landed, quarter_before, quarter_of
from bench.worlds import FIRST_SEED, coverage, of_deals, of_ranges, winkler, worlds
from config.settings import ROOT

Q = [date(2024, 1, 1), date(2024, 4, 1), date(2024, 7, 1), date(2024, 10, 1), date(2025, 1, 1)]
BEFORE, AFTER = date(2024, 12, 30), date(2025, 1, 6)
TREE = {BEFORE: {"ann": ["ann", "t1", "r1", "all"], "left": ["left", "t1", "r1", "all"]},
        AFTER: {"ann": ["ann", "t2", "r2", "all"], "new": ["new", "t2", "r2", "all"]}}  # fmt: skip
WON = {
    Q[0]: {"ann": 1.0},  # not a whole quarter
    Q[1]: {"ann": 100.0},
    Q[2]: {"ann": 200.0, "left": 50.0},
    Q[3]: {"ann": 500.0},
    Q[4]: {"ann": 10.0, "new": 7.0, "unknown": 3.0},
}
LANDED = Landed(WON, TREE, {(BEFORE, "t1"): "team", (BEFORE, "ann"): "rep"})


def test_a_quarter_counts_at_the_nodes_of_the_day_and_who_was_not_there_yet_where_he_came_to_stand() -> None:
    assert (LANDED.of(Q[4], "t1", BEFORE), LANDED.of(Q[4], "t2", BEFORE)) == (10.0, 7.0)
    assert (LANDED.of(Q[4], "t2", AFTER), LANDED.of(Q[4], "t1", AFTER)) == (17.0, 0.0)
    assert LANDED.of(Q[2], "t1", AFTER) == 50.0  # who left before counts where he stood last
    assert LANDED.of(Q[4], "all", BEFORE) == 17.0
    assert (LANDED.level_on(BEFORE, "t1"), LANDED.level_on(BEFORE, "ann")) == ("team", "")


def test_the_naive_range_is_the_rule_times_what_its_past_errors_were() -> None:
    """2025Q1 has no whole quarter a year before, so it says 500; its errors were 250 / 100 and 500 / 250."""
    assert LANDED.naive_range(Q[4], "all", BEFORE) == pytest.approx((500 * 2.05, 500 * 2.45))
    assert LANDED.naive_range(Q[3], "all", BEFORE) == (None, None)  # one error is too few


def test_quarters_are_named_by_their_first_day() -> None:
    assert quarter_of(date(2025, 6, 30)) == date(2025, 4, 1)
    assert (quarter_before(Q[4], 1), quarter_before(Q[4], 4)) == (Q[3], Q[0])


def test_both_contenders_are_measured_on_the_same_deals_and_a_range_is_judged_where_the_naive_rule_has_one() -> None:
    deals = [(1, 0.4, 0.9), (0, 0.5, 0.1), (1, 0.6, 0.8), (0, 0.3, 0.2)]
    ranges = [
        ("company", 80.0, 120.0, None, None, 100.0),
        ("company", 80.0, 120.0, 10.0, 60.0, 100.0),
        ("team", 0.0, 1.0, 0.0, 9.0, 3.0),
    ]
    world = Lived(1, 0.1, deals, ranges)
    said = "\n".join(of_deals([world]))
    assert "| ours | 0.7500 |" in said
    assert "AUC - 0.5 is 0.500 of the oracle's" in said  # 0.25 of 0.5
    company, team = of_ranges([world])[2:]
    assert company == "| company | 2 | 1.000 | 0.40 | 1 | 0.40 | 4.50 | 0.000 |"
    assert team == "| team | 1 | 0.000 | 7.00 | 1 | 7.00 | 3.00 | 1.000 |"


@pytest.mark.soak
def test_over_fifty_worlds_ranges_hold_at_every_level_and_chances_mean_what_they_say() -> None:
    """Companies of 2,400 deals in three years: in smaller ones many teams win nothing in a quarter, which every range holds."""
    subprocess.run([sys.executable, "-m", "bench.worlds", "--worlds", "50"], cwd=ROOT, check=True)
    lived = worlds(range(FIRST_SEED, FIRST_SEED + 50), 0.2)
    for level in ("company", "region", "team"):
        rows = [row for world in lived for row in world.ranges if row[0] == level]
        here = [(low, high, landed) for _, low, high, naive, _, landed in rows if naive is not None]
        naive = [(low, high, landed) for *_, low, high, landed in rows if low is not None and high is not None]
        assert 0.75 <= coverage([(low, high, landed) for _, low, high, *_, landed in rows]) <= 0.85, level
        assert winkler(here) < winkler(naive), level
