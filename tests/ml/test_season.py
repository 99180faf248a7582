"""New business follows the part of the year where the past bears it out, and the level alone where it does not."""

import numpy as np
import pytest

from ml.forecast import forecast_rows
from ml.season import to_now
from tests.ml.test_forecast import by_node, deals, windows

YEAR = np.array([40.0, 110.0, 100.0, 150.0])  # what comes in the parts of a year


def weights(periods: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.asarray(0.85 ** np.arange(periods)[::-1], dtype=float)


def test_three_planted_years_are_taken_to_the_part_of_the_year_that_is_asked() -> None:
    past = np.tile(YEAR, 3)
    factors = to_now(past, weights(12))  # the next period is a first one again
    assert np.average(past * factors, weights=weights(12)) == pytest.approx(40, rel=0.4)
    assert factors[0] == factors[4] == factors[8] == 1
    assert factors[3] < factors[1] < 0.7 < 1  # of the strongest part least is left, and not all of it is believed


def test_the_more_years_bear_a_season_out_the_more_of_it_is_believed() -> None:
    two, three = (to_now(np.tile(YEAR, years), weights(4 * years))[-1] for years in (2, 3))
    assert YEAR[0] / YEAR[3] < three < two < 1


@pytest.mark.parametrize("periods", [0, 1, 4, 5])
def test_with_little_more_than_a_year_nothing_is_believed(periods: int) -> None:
    assert (to_now(np.resize(YEAR, periods), weights(periods)) == 1).all()


def test_noise_is_no_season() -> None:
    """Of a hundred pasts without a season few are taken for one, and on average that costs next to nothing."""
    draw = np.random.default_rng(5)
    costs, used = [], 0
    for _ in range(100):
        past, came = draw.lognormal(0, 0.4, 12), draw.lognormal(0, 0.4)
        factors = to_now(past, weights(12))
        used += bool((factors != 1).any())
        flat, seasonal = np.average(past, weights=weights(12)), np.average(past * factors, weights=weights(12))
        costs.append(abs(seasonal - came) - abs(flat - came))
    assert used < 25
    assert np.mean(costs) < 0.02


def test_nothing_won_in_any_period_is_no_season_either() -> None:
    assert (to_now(np.zeros(12), weights(12)) == 1).all()


def test_the_forecast_s_new_business_is_that_of_the_part_of_the_year() -> None:
    """Twelve quarters, the first of each year 0.4 of the level: the quarter after them is a first one."""
    frame = windows(12)
    part = frame["window_id"].str[1:].where(frame["window_kind"] == "period").astype(float) % 4
    frame["new"] *= part.map(dict(enumerate(YEAR / YEAR.mean())))
    found = by_node(forecast_rows(frame, deals(("ann", 0.5, 100.0)), "b", seed=1))
    assert 240 < found["company"]["from_new"] < 400 < 600  # 600 is the level, 240 the part of the year
    assert found["north"]["from_new"] + found["south"]["from_new"] == found["company"]["from_new"]
