"""Tier `smoothed`: the stage's set rate, drawn towards what was realised, spread over time as wins have been. Works from the first day.

P(won within h | stage) is Beta-Binomial at a ladder of horizons: the prior is set rate × share of wins that close within h, worth
`PRIOR_DEALS` deals; the realised share is over snapshots, as the open pipeline is
asked, and worth the deals among them. Never decreasing in h; linear in log(h) between rungs.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.dataset import Floats, Rows, label

NAME = "smoothed"
RUNGS = np.array([1.0, 3, 7, 14, 30, 60, 90, 180, 365, 730])
PRIOR_DEALS = 20.0
TYPICAL_DAYS = 90.0  # mean days to close of a win where no win is known yet
UNKNOWN_STAGE_RATE = 0.2  # where a stage has no set rate
EDGE = 1e-4


@dataclass(frozen=True)
class Smoothed:
    """`speed`: share of wins closed within each rung; `realised`: per stage, deals seen and won within each rung."""

    speed: Floats
    realised: dict[str, tuple[list[float], list[float]]]
    base: Floats
    columns = ("stage_code",)

    def prepare(self, frame: pd.DataFrame) -> Floats:
        """(n, rungs) probability at each rung."""
        rates = frame["stage_set_rate"].to_numpy(dtype=float, na_value=np.nan)
        curves = np.outer(np.where(np.isnan(rates), UNKNOWN_STAGE_RATE, rates), self.speed)
        for stage, (seen, won) in self.realised.items():
            here = (frame["stage_code"] == stage).to_numpy(dtype=bool, na_value=False)
            curves[here] = (np.array(won) + PRIOR_DEALS * curves[here]) / (np.array(seen) + PRIOR_DEALS)
        return np.maximum.accumulate(np.clip(curves, EDGE, 1 - EDGE), axis=1)

    def log_odds(self, prepared: Floats, horizon: Floats) -> Floats:
        """(n,) log-odds of winning within `horizon` days."""
        return _interpolated(_logit(prepared), horizon)

    def contributions(self, prepared: Floats, horizon: Floats) -> tuple[Floats, Floats]:
        """(n, 1) contribution of the stage and (n,) base: the log-odds of all stages together at that horizon."""
        base = _interpolated(np.broadcast_to(_logit(self.base), prepared.shape), horizon)
        return (self.log_odds(prepared, horizon) - base)[:, None], base

    def files(self) -> dict[str, Any]:
        """As kept in the bundle."""
        return {
            "speed": self.speed.tolist(),
            "realised": {stage: [*pair] for stage, pair in self.realised.items()},
            "base": self.base.tolist(),
        }

    @classmethod
    def from_files(cls, kept: dict[str, Any]) -> "Smoothed":
        """From the bundle."""
        return cls(
            np.array(kept["speed"]),
            {stage: (seen, won) for stage, (seen, won) in kept["realised"].items()},
            np.array(kept["base"]),
        )


def fit_smoothed(rows: Rows, today: int) -> Smoothed:
    """Count outcomes known on `today`; with no rows at all the set rates stand alone."""
    won = rows.is_won & (rows.known <= today)
    left = (rows.closed - rows.day)[won]
    own = np.array([(left <= rung).sum() for rung in RUNGS])
    speed = (own + PRIOR_DEALS * (1 - np.exp(-RUNGS / TYPICAL_DAYS))) / (len(left) + PRIOR_DEALS)
    stages = rows.features["stage_code"].to_numpy(object)
    realised = {
        stage: _counts(rows, stages == stage, today) for stage in sorted({s for s in stages if isinstance(s, str)})
    }
    seen, wins = (
        np.sum([pair[i] for pair in realised.values()], axis=0) if realised else np.zeros(len(RUNGS)) for i in (0, 1)
    )
    prior = UNKNOWN_STAGE_RATE * speed
    base = np.maximum.accumulate(np.clip((wins + PRIOR_DEALS * prior) / (seen + PRIOR_DEALS), EDGE, 1 - EDGE))
    return Smoothed(speed, realised, base)


def _counts(rows: Rows, here: np.ndarray[Any, np.dtype[np.bool_]], today: int) -> tuple[list[float], list[float]]:
    seen, won = [], []
    for rung in RUNGS:
        chosen = np.flatnonzero(here & (rows.day + rung <= today))
        deals = len(np.unique(rows.deal[chosen]))
        labels = label(rows, chosen, np.full(len(chosen), rung), today)
        seen.append(float(deals))
        won.append(float(deals * labels.mean()) if deals else 0.0)
    return seen, won


def _logit(p: Floats) -> Floats:
    return np.asarray(np.log(p) - np.log1p(-p))


def _interpolated(curves: Floats, horizon: Floats) -> Floats:
    rungs, at = np.log(RUNGS), np.log(np.clip(horizon, RUNGS[0], RUNGS[-1]))
    right = np.clip(np.searchsorted(rungs, at), 1, len(rungs) - 1)
    share = (at - rungs[right - 1]) / (rungs[right] - rungs[right - 1])
    row = np.arange(len(curves))
    low, high = curves[row, right - 1], curves[row, right]
    return np.asarray(low + share * (high - low))
