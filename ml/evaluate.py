"""How good a model is out of time, beside simple rates, and the gate that decides whether it may score.

Held-out question: "won within 30 days?" Test snapshots lie in the 16 days whose 30-day labels became known last on D: (D−46, D−30], or,
where these hold too few snapshots (200; of leads 2,000), in up to 91 days. The contenders learn only from what was known before the first
of them. Of leads, "converted within 90 days of creation?" is asked of those created in the days whose answers became known last:
(D−106, D−90] and so on.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from ml.dataset import Floats, Rows, day_number
from ml.model import Say, WinModel, fit, sigmoid
from ml.pairs import Pairs, pairs_at
from ml.targets import WIN

TEST_DAYS = (16, 32, 64, 91)
ENOUGH_ROWS = 200
BASE_MARGIN = 0.005  # never worse than the base rate by more (log loss)
RATE_MARGIN = 0.002  # tolerance against stage × days in stage rates: about the noise of one test window
PRIOR_DEALS = 20.0
BASE_RATE = "base rate"
STAGE_RATE, STAGE_DAYS_RATE = WIN.rates
TOP_SHARE = 0.2
METRICS = ("roc_auc", "log_loss", "brier", "ece", "lift_20")


@dataclass(frozen=True)
class Judged:
    """Figures by contender and metric over `n_rows` test snapshots of days window_from..window_to; empty where there were none."""

    figures: dict[str, dict[str, float]]
    n_rows: int
    window_from: date
    window_to: date


def judge(rows: Rows, as_of: date, tiers: list[str], seed: int, say: Say = lambda _: None) -> Judged:
    """Fit the tiers and the simple rates on what was known before the test window and measure all of them on it."""
    first, last = _window(rows, as_of)
    known_by, horizon = day_number(first) - 1, rows.target.judged_days
    past = rows.take(rows.day < day_number(first))
    test = rows.take((_dated(rows) >= day_number(first)) & (_dated(rows) <= day_number(last)))
    asked, taught = pairs_at(test, horizon, day_number(as_of)), pairs_at(past, horizon, known_by)
    if len(asked.row) == 0 or len(taught.row) == 0:
        return Judged({}, 0, first, last)
    forecasts = {tier: _forecast(fit(past, known_by, tier, seed, say=say), test, asked) for tier in tiers}
    forecasts |= simple_rates(past, taught, test)
    _, once = np.unique(test.deal[asked.row], return_index=True)
    figures = {
        name: measures(asked.label, forecast) | {"lift_20": lift(asked.label[once], forecast[once])}
        for name, forecast in forecasts.items()
    }
    return Judged(figures, len(asked.row), first, last)


def _dated(rows: Rows) -> Floats:
    """The day that puts a row into a window: its own, or that of the lead's creation."""
    return rows.born if rows.target.within_days else rows.day.astype(float)


def _window(rows: Rows, as_of: date) -> tuple[date, date]:
    last = as_of - timedelta(days=rows.target.judged_days)
    firsts = [last - timedelta(days=days - 1) for days in TEST_DAYS]
    day = _dated(rows)
    held = [int(((day >= day_number(first)) & (day <= day_number(last))).sum()) for first in firsts]
    return next(
        (first for first, count in zip(firsts, held, strict=True) if count >= rows.target.judged_rows), firsts[-1]
    ), last


def _forecast(model: WinModel, test: Rows, asked: Pairs) -> Floats:
    return sigmoid(model.log_odds(test.features, asked.horizon))


def simple_rates(past: Rows, taught: Pairs, test: Rows) -> dict[str, Floats]:
    """Past rates of the held-out question: over all, by stage, by stage and fifth of the days in stage (of leads: by source and age).

    Each is shrunk to the coarser one.
    """
    place, waited = past.target.place, past.target.waited
    table = pd.DataFrame(
        {
            "stage": past.features[place].to_numpy(object)[taught.row],
            "label": taught.label,
            "days": past.features[waited].to_numpy(dtype=float)[taught.row],
        }
    ).fillna({"days": -1})
    asked = pd.DataFrame(
        {
            "stage": test.features[place].to_numpy(object),
            "days": test.features[waited].to_numpy(dtype=float),
        }
    ).fillna({"days": -1})
    base = float(table["label"].mean())
    by_stage = _rates(table.groupby("stage")["label"], base)
    stage = asked["stage"].map(by_stage).fillna(base).to_numpy(dtype=float)
    both = stage.copy()
    for code, seen in table.groupby("stage"):
        edges = np.unique(np.quantile(seen["days"], [0.2, 0.4, 0.6, 0.8]))
        fine = _rates(seen["label"].groupby(np.searchsorted(edges, seen["days"])), float(by_stage[code]))
        here = (asked["stage"] == code).to_numpy(dtype=bool)
        fifth = pd.Series(np.searchsorted(edges, asked["days"][here]))
        both[here] = fifth.map(fine).fillna(float(by_stage[code])).to_numpy(dtype=float)
    return {BASE_RATE: np.full(len(asked), base), **dict(zip(past.target.rates, (stage, both), strict=True))}


def _rates(groups: "pd.api.typing.SeriesGroupBy", towards: float) -> pd.Series:  # type: ignore[type-arg]
    return (groups.sum() + PRIOR_DEALS * towards) / (groups.count() + PRIOR_DEALS)


def measures(label: Floats, forecast: Floats) -> dict[str, float]:
    """ROC-AUC (0.5 when only one class occurs), log loss, Brier score, expected calibration error over ten equal-sized bins."""
    p = np.clip(forecast, 1e-6, 1 - 1e-6)
    bins = np.array_split(np.argsort(p, kind="stable"), 10)
    return {
        "roc_auc": auc(label, p),
        "log_loss": float(-np.mean(label * np.log(p) + (1 - label) * np.log1p(-p))),
        "brier": float(np.mean((p - label) ** 2)),
        "ece": float(sum(abs(p[b].mean() - label[b].mean()) * len(b) for b in bins if len(b)) / len(p)),
    }


def auc(label: Floats, forecast: Floats) -> float:
    won, lost = int(label.sum()), int(len(label) - label.sum())
    ranks = pd.Series(forecast).rank().to_numpy()
    return float((ranks[label == 1].sum() - won * (won + 1) / 2) / (won * lost)) if won and lost else 0.5


def lift(label: Floats, forecast: Floats) -> float:
    """How many times more often the likeliest fifth of the records turned out well than all of them did; 1 where none did.

    One entry a record. Records of equal forecast at the border count by the share of them that is inside.
    """
    if not label.sum():
        return 1.0
    inside = TOP_SHARE * len(label)
    border = np.sort(forecast)[::-1][int(np.ceil(inside)) - 1]
    above, tied = forecast > border, forecast == border
    good = label[above].sum() + label[tied].mean() * (inside - above.sum())
    return float(good / label.sum() / TOP_SHARE)


def refusal(judged: Judged, tier: str, below: str, finest: str = STAGE_DAYS_RATE) -> str:
    """Why `tier` may not score, or "" if it may. It must be measured on enough rows and be finite, beat the tier below, and stay near the
    simple rates, of which `finest` is the best."""
    own = judged.figures.get(tier)
    if own is None or judged.n_rows < ENOUGH_ROWS:
        return f"{tier}: {judged.n_rows} held-out rows, {ENOUGH_ROWS} needed"
    if not all(np.isfinite(value) for value in own.values()):
        return f"{tier}: held-out figures are not finite"
    bars = {below: 0.0, BASE_RATE: BASE_MARGIN, finest: RATE_MARGIN}
    for name, margin in bars.items():
        if own["log_loss"] >= judged.figures[name]["log_loss"] + margin:
            return (
                f"{tier}: log loss {own['log_loss']:.4f} does not beat {name} ({judged.figures[name]['log_loss']:.4f})"
            )
    return ""


def window_text(judged: Judged) -> str:
    """The held-out window in words."""
    known = judged.window_from - timedelta(days=1)
    return f"trained on labels known by {known}, tested on {judged.n_rows} snapshots {judged.window_from}..{judged.window_to}"
