"""Do 80 % ranges hold what lands in 80 % of quarters, at company, region and team? In companies whose chances are known."""

from collections import defaultdict

import numpy as np
import pytest

from ml.draws import NEW_DEALS, split_deals
from ml.errors import Told, range_scales
from ml.forecast import forecast_rows
from tests.ml.known_worlds import quarters

LEVELS = ("company", "region", "team")
Ranges = dict[str, list[tuple[float, float, float]]]


def ranges(worlds: range, regional: float = 0.0, *, learns: bool = False) -> tuple[Ranges, Ranges]:
    """Level → (low, high, landed) of every node and quarter; ours, and those of "as last quarter" with its own past errors.

    `learns`: ours are as wide as the quarters before taught, from the second judged one on.
    """
    ours: Ranges = defaultdict(list)
    naive: Ranges = defaultdict(list)
    for world in worlds:
        told: list[Told] = []
        for number, quarter in enumerate(quarters(world, regional)):
            for row in forecast_rows(quarter.windows, quarter.deals, "b", world, range_scales(told) if learns else {}):
                node, landed = row[1], quarter.landed[row[1]]
                level = node.split("-")[0]
                low, middle, high = (float(cents) * 100 for cents in row[8:11])
                ours[level].append((low, high, landed))
                told.append(Told(low, middle, high, landed, row[12], 1.0, LEVELS.index(level), f"{number}"))
                past = np.array([each[node] for each in quarter.before])
                errors = past[1:] / np.maximum(past[:-1], 1.0)
                low, high = past[-1] * np.quantile(errors, [0.1, 0.9])
                naive[level].append((float(low), float(high), landed))
    return ours, naive


def coverage(told: list[tuple[float, float, float]]) -> float:
    return float(np.mean([low <= landed <= high for low, high, landed in told]))


def winkler(told: list[tuple[float, float, float]]) -> float:
    costs = [high - low + 10 * (max(low - landed, 0) + max(landed - high, 0)) for low, high, landed in told]
    return float(np.sum(costs) / np.sum([landed for *_, landed in told]))


def test_ranges_hold_and_are_sharper_than_those_of_the_naive_rule_in_a_few_worlds() -> None:
    ours, naive = ranges(range(6))
    for level in LEVELS:
        assert 0.66 <= coverage(ours[level]) <= 0.94, level
        assert winkler(ours[level]) < 0.8 * winkler(naive[level]), level


def test_regions_with_good_and_bad_quarters_of_their_own_become_wider_and_by_that_no_worse() -> None:
    fixed, learned = (ranges(range(8), 0.5, learns=learns)[0] for learns in (False, True))
    assert coverage(learned["region"]) > coverage(fixed["region"]) + 0.04
    assert all(winkler(learned[level]) < winkler(fixed[level]) for level in LEVELS)


@pytest.mark.soak
@pytest.mark.parametrize(("regional", "learns"), [(0.0, False), (0.0, True), (0.3, True)])
def test_ranges_hold_75_to_85_percent_at_every_level_over_fifty_worlds(regional: float, learns: bool) -> None:
    ours, naive = ranges(range(50), regional, learns=learns)
    for level in LEVELS:
        print(f"{level}: coverage {coverage(ours[level]):.3f} of {len(ours[level])}, Winkler {winkler(ours[level]):.2f}, "
              f"naive {winkler(naive[level]):.2f} at {coverage(naive[level]):.3f}")  # fmt: skip
    assert all(0.75 <= coverage(ours[level]) <= 0.85 for level in LEVELS)
    assert all(winkler(ours[level]) < winkler(naive[level]) for level in LEVELS)


def test_the_split_over_nodes_is_as_uneven_as_past_windows_were() -> None:
    shares = np.array([0.0, 0.5, 0.5])
    steady, wild = np.array([[0.0] * 6, [50.0] * 6, [50.0] * 6]), np.array([[0.0] * 6, [90.0, 10] * 3, [10.0, 90] * 3])
    assert split_deals(wild, shares) < 5 < NEW_DEALS < split_deals(steady, shares)
    assert split_deals(np.zeros((3, 0)), shares) == NEW_DEALS
    assert split_deals(np.ones((1, 4)), np.array([1.0])) == NEW_DEALS
