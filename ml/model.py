"""The win model: ONE coherent answer to "won within h days?" for every h, never decreasing in h, whatever tier stands behind it.

In: `Rows` and the training day. Out: `WinModel`: a tier (smoothed stage rates, logistic regression, boosting), one increasing calibration
map of its log-odds, the horizon that stands for "ever", and what winners show, for the reasons. All that is learned is saved with it.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ml.boosted import Boosted, fit_boosted
from ml.dataset import Floats, Pairs, Rows, ever_horizon, sample_pairs
from ml.encoding import learn_encoding
from ml.features import NAMES, NUMBERS, TEXTS
from ml.small import Small, fit_small
from ml.smoothed import Smoothed, fit_smoothed

TIERS = ("smoothed", "small_model", "full_model")
SMALL_FROM, FULL_FROM = 40, 200  # closed deals, won and lost each
CALIBRATION_SHARE = 0.2  # of the pairs: the newest
CALIBRATION_PRIOR = 200.0  # deals' worth of belief that no correction is needed
DEAL_INFORMATION = 0.2  # p(1 - p) of a usual deal: what one deal adds to the curvature
FLATTEST = 0.05  # least slope: the map stays increasing where the newest pairs show no signal
SHORTEST_EVER = 90


class Tier(Protocol):
    """What the three tiers have in common."""

    @property
    def columns(self) -> tuple[str, ...]: ...
    def prepare(self, frame: pd.DataFrame) -> Floats: ...
    def log_odds(self, prepared: Floats, horizon: Floats) -> Floats: ...
    def contributions(self, prepared: Floats, horizon: Floats) -> tuple[Floats, Floats]: ...
    def files(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class WinModel:
    """`shift` and `slope` (> 0) are the calibration; `typical` is what winners' snapshots show, per stage and over all ("")."""

    name: str
    tier: Tier
    shift: float
    slope: float
    ever_days: int
    typical: dict[str, dict[str, Any]]

    def log_odds(self, frame: pd.DataFrame, horizon: Floats) -> Floats:
        """(n,) calibrated log-odds of winning within `horizon` days, one horizon per row of the contract's columns."""
        return self.shift + self.slope * self.tier.log_odds(self.tier.prepare(frame), horizon)

    def curve(self, frame: pd.DataFrame, horizons: list[int]) -> Floats:
        """(n, len(horizons)) probabilities."""
        prepared = self.tier.prepare(frame)
        stacked = self.tier.log_odds(
            np.repeat(prepared, len(horizons), axis=0), np.tile(np.array(horizons, dtype=float), len(frame))
        )
        return sigmoid(self.shift + self.slope * stacked).reshape(len(frame), len(horizons))

    def explain(self, frame: pd.DataFrame, horizon: Floats) -> tuple[Floats, Floats, Floats]:
        """(n, columns) contributions, (n,) base and (n,) calibration term; together the calibrated log-odds."""
        parts, base = self.tier.contributions(self.tier.prepare(frame), horizon)
        raw = base + parts.sum(axis=1)
        return parts, base, self.shift + (self.slope - 1) * raw


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-x)))


def allowed_tier(rows: Rows, today: int) -> str:
    """The highest tier that the number of closed deals allows."""
    fewest = min(rows.closed_deals(today))
    return TIERS[2] if fewest >= FULL_FROM else TIERS[1] if fewest >= SMALL_FROM else TIERS[0]


def fit(rows: Rows, today: int, tier: str, seed: int) -> WinModel:
    """Fit `tier` on everything known on `today`, calibration included (fitted on the newest pairs by a model of the older ones)."""
    ever = max(ever_horizon(rows, today), SHORTEST_EVER)
    pairs = sample_pairs(rows, today, ever, seed)
    shift, slope = (0.0, 1.0) if tier == "smoothed" else _calibration(rows, pairs, today, tier, seed)
    return WinModel(tier, _fit_tier(rows, pairs, today, tier, seed), shift, slope, ever, _typical(rows, today))


def _fit_tier(rows: Rows, pairs: Pairs, today: int, tier: str, seed: int) -> Tier:
    if tier == "smoothed":
        return fit_smoothed(rows, today)
    encoding = learn_encoding(rows, today)
    return fit_small(rows, pairs, encoding) if tier == "small_model" else fit_boosted(rows, pairs, encoding, seed)


def _calibration(rows: Rows, pairs: Pairs, today: int, tier: str, seed: int) -> tuple[float, float]:
    """Shift and slope from the newest pairs, as forecast by a model that knows only labels known before the first of them."""
    start = int(np.quantile(rows.day[pairs.row], 1 - CALIBRATION_SHARE)) if len(pairs.row) else today
    older = rows.take(rows.day < start)
    if min(older.closed_deals(start)) < SMALL_FROM:
        return 0.0, 1.0
    known = sample_pairs(older, start, ever_horizon(older, start), seed)
    if len(np.unique(known.label)) < 2:
        return 0.0, 1.0
    earlier = _fit_tier(older, known, start, tier, seed)
    newest = rows.day[pairs.row] >= start
    raw = earlier.log_odds(earlier.prepare(rows.features)[pairs.row[newest]], pairs.horizon[newest])
    return platt(raw, pairs.label[newest], pairs.weight[newest])


def platt(raw: Floats, label: Floats, weight: Floats) -> tuple[float, float]:
    """Shift and slope of the log-odds, drawn towards (0, 1) by CALIBRATION_PRIOR deals; without signal all but the base rate."""
    design, beta, prior = np.column_stack([np.ones(len(raw)), raw]), np.array([0.0, 1.0]), np.array([0.0, 1.0])
    for _ in range(25):
        p = sigmoid(np.clip(design @ beta, -30, 30))
        slope = design.T @ (weight * (p - label)) + CALIBRATION_PRIOR * DEAL_INFORMATION * (beta - prior)
        curve = (design * (weight * p * (1 - p))[:, None]).T @ design + CALIBRATION_PRIOR * DEAL_INFORMATION * np.eye(2)
        step = np.linalg.solve(curve, slope)
        beta = beta - step
        if np.abs(step).max() < 1e-10:
            break
    if beta[1] >= FLATTEST:
        return float(beta[0]), float(beta[1])
    base = float(np.clip(np.average(label, weights=weight), 0.001, 0.999))
    return float(np.log(base / (1 - base)) - FLATTEST * np.average(raw, weights=weight)), FLATTEST


def _typical(rows: Rows, today: int) -> dict[str, dict[str, Any]]:
    """Winners' medians of numbers and shares of values, over all won rows ("") and per stage with 20 won deals or more."""
    won = rows.take(rows.is_won & (rows.known <= today))
    found = {"": _summary(won.features)}
    for stage, frame in won.features.groupby("stage_code", sort=True):
        if len(np.unique(won.deal[won.features.index.get_indexer(frame.index)])) >= 20:
            found[str(stage)] = _summary(frame)
    return found


def _summary(frame: pd.DataFrame) -> dict[str, Any]:
    medians = {name: float(frame[name].median()) for name in NUMBERS if frame[name].notna().any()}
    shares = {
        name: {_key(v): float(s) for v, s in frame[name].value_counts(normalize=True).sort_index().items()}
        for name in NAMES
        if name in TEXTS or name.startswith(("is_", "has_"))
    }
    return {"medians": medians, "shares": shares}


def _key(value: Any) -> str:
    return str(value) if isinstance(value, str) else str(int(value))


def restore(name: str, files: dict[str, Any]) -> Tier:
    """The tier called `name` from its kept files."""
    kinds: dict[str, type[Smoothed] | type[Small] | type[Boosted]] = {
        "smoothed": Smoothed,
        "small_model": Small,
        "full_model": Boosted,
    }
    return kinds[name].from_files(files)
