"""The gate, by hand-made figures, and the measures, by hand-worked cases."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.dataset import rows_from
from ml.evaluate import BASE_RATE, STAGE_DAYS_RATE, STAGE_RATE, Judged, judge, measures, refusal

AS_OF = date(2025, 6, 30)


def judged(log_loss: dict[str, float], n_rows: int = 500) -> Judged:
    names = {"full": "full_model", "small": "small_model", "base": BASE_RATE, "rates": STAGE_DAYS_RATE}
    return Judged({names[key]: {"log_loss": value} for key, value in log_loss.items()}, n_rows, AS_OF, AS_OF)


def test_a_model_that_beats_the_tier_below_and_the_simple_rates_passes() -> None:
    assert (
        refusal(judged({"full": 0.50, "small": 0.51, "base": 0.60, "rates": 0.52}), "full_model", "small_model") == ""
    )


@pytest.mark.parametrize(
    ("figures", "named"),
    [
        ({"full": 0.52, "small": 0.51, "base": 0.60, "rates": 0.53}, "small_model"),
        ({"full": 0.51, "small": 0.52, "base": 0.50, "rates": 0.53}, BASE_RATE),
        ({"full": 0.50, "small": 0.51, "base": 0.60, "rates": 0.49}, STAGE_DAYS_RATE),
        ({"full": float("nan"), "small": 0.51, "base": 0.60, "rates": 0.49}, "not finite"),
    ],
)
def test_the_gate_refuses_and_names_the_bar_that_was_missed(figures: dict[str, float], named: str) -> None:
    assert named in refusal(judged(figures), "full_model", "small_model")


def test_the_gate_refuses_what_was_measured_on_too_few_rows() -> None:
    assert "199 held-out rows, 200 needed" in refusal(
        judged({"full": 0.5, "small": 0.6, "base": 0.6, "rates": 0.6}, 199), "full_model", "small_model"
    )


def test_measures_match_a_hand_worked_case() -> None:
    found = measures(np.array([1.0, 0, 1, 0]), np.array([0.8, 0.4, 0.3, 0.1]))
    assert found["roc_auc"] == 0.75  # of the four won-lost pairs only (0.3, 0.4) is in the wrong order
    assert found["log_loss"] == pytest.approx(-(np.log(0.8) + np.log(0.6) + np.log(0.3) + np.log(0.9)) / 4)
    assert found["brier"] == pytest.approx((0.04 + 0.16 + 0.49 + 0.01) / 4)
    assert found["ece"] == pytest.approx((0.2 + 0.4 + 0.7 + 0.1) / 4)


def test_held_out_figures_learn_from_nothing_known_after_the_window_opens(
    pipeline: Callable[..., pd.DataFrame],
) -> None:
    frame = pipeline(700)
    first = (AS_OF - date(1970, 1, 1)).days - 61  # 32 days of Mondays hold 200 snapshots
    before = judge(rows_from(frame), AS_OF, ["small_model"], seed=1)
    later = frame.copy()
    changed = (later["known"] >= first) & (later["day"] < first)  # what becomes known from the window's first day on
    later.loc[changed, "is_won"] = ~later.loc[changed, "is_won"].astype(bool)
    test_rows = ~changed
    assert changed.sum() > 50
    assert test_rows.sum() > 50
    after = judge(rows_from(later), AS_OF, ["small_model"], seed=1)
    assert (after.window_from, after.window_to) == (date(2025, 4, 30), date(2025, 5, 31))
    assert after.figures["small_model"] == before.figures["small_model"]
    assert after.figures[STAGE_RATE] == before.figures[STAGE_RATE]


def test_the_model_finds_the_rule_that_the_invented_company_follows(pipeline: Callable[..., pd.DataFrame]) -> None:
    figures = judge(rows_from(pipeline(1500)), AS_OF, ["small_model", "full_model"], seed=1).figures
    assert figures["full_model"]["log_loss"] < figures[STAGE_DAYS_RATE]["log_loss"] < figures[BASE_RATE]["log_loss"]
