"""Weights of the parts and the calibration map, by hand-made forecasts whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from ml.blend import agreed, stack
from ml.calibration import Calibration, Held, combine, level

DRAW = np.random.default_rng(3)
N = 6000
FOLD = np.repeat([0, 1], N // 2)
TRUTH = DRAW.normal(size=N)


def held(forecasts: np.ndarray, log_odds: np.ndarray, segment: np.ndarray | None = None) -> Held:
    label = (DRAW.random(N) < 1 / (1 + np.exp(-log_odds))).astype(float)
    return Held(forecasts, label, np.ones(N), FOLD, np.full(N, None, dtype=object) if segment is None else segment)


def test_a_part_that_knows_the_truth_gets_the_weight_and_noise_gets_none() -> None:
    forecasts = np.column_stack([DRAW.normal(size=N), TRUTH, DRAW.normal(size=N), DRAW.normal(size=N)])
    weights, calibration = combine(held(forecasts, TRUTH), ("smoothed", "small", "shallow", "deep"))
    assert weights["small"] > 0.8
    assert min(weights.values()) >= 0
    assert sum(weights.values()) == pytest.approx(1)
    assert 0.7 < calibration.slope <= 1


def test_where_nothing_is_known_the_slope_falls_towards_the_base_rate_and_stays_above_0() -> None:
    noise = np.column_stack([3 * DRAW.normal(size=N) for _ in range(2)])
    _, calibration = combine(held(noise, np.full(N, -0.8)), ("smoothed", "small"))
    assert 0 < calibration.slope < 0.25
    assert calibration.shift == pytest.approx(-0.8, abs=0.15)


def test_forecasts_are_never_sharpened() -> None:
    _, calibration = combine(held(np.column_stack([TRUTH, TRUTH]), 2 * TRUTH), ("smoothed", "small"))
    assert calibration.slope == pytest.approx(1)


def test_weights_are_learned_beside_an_intercept_per_fold() -> None:
    drifted = TRUTH + np.where(FOLD == 0, 2.0, -2.0)
    kept = held(np.column_stack([TRUTH, TRUTH]), drifted)
    weights, levels = stack(kept.forecasts, kept.label, kept.weight, kept.fold, np.array([0.5, 0.5]))
    assert weights.sum() == pytest.approx(1, abs=0.05)
    assert levels == pytest.approx([2, -2], abs=0.2)


@pytest.mark.parametrize(
    ("levels", "shift"), [([0.4, 0.1], 0.1), ([-0.4, -0.1], -0.1), ([0.4, -0.1], 0.0), ([0.3], 0.3), ([], 0.0)]
)
def test_only_a_shift_that_all_folds_agree_on_is_believed(levels: list[float], shift: float) -> None:
    assert agreed(np.array(levels)) == shift


def test_a_sales_process_with_a_level_of_its_own_gets_a_shift_of_its_own_for_all_horizons() -> None:
    segment = np.where(np.arange(N) % 2 == 0, "equipment", "software").astype(object)
    log_odds = TRUTH + np.where(segment == "equipment", 0.5, -0.5)
    _, calibration = combine(held(np.column_stack([TRUTH, TRUTH]), log_odds, segment), ("smoothed", "small"))
    assert calibration.segments == pytest.approx({"equipment": 0.5, "software": -0.5}, abs=0.15)
    frame = pd.DataFrame({"sales_process": ["equipment", None, "never seen"]})
    assert calibration.shifts(frame) - calibration.shift == pytest.approx([calibration.segments["equipment"], 0, 0])
    assert Calibration().shifts(frame).tolist() == [0, 0, 0]


def test_few_deals_barely_move_a_level() -> None:
    label = (np.arange(100) % 10 < 3).astype(float)  # 3 in 10 win where 5 in 10 were forecast
    assert level(np.zeros(100), label, np.full(100, 0.1), prior_deals=200.0) == pytest.approx(0, abs=0.06)
    assert level(np.zeros(100), label, np.full(100, 1000.0), prior_deals=200.0) == pytest.approx(
        np.log(3 / 7), abs=0.01
    )
