"""Tier `smoothed`: the stage's set rate, drawn towards what was realised, spread over time as wins have been. Works from the first day.

P(won within h | stage) is Beta-Binomial at a ladder of horizons: the prior is set rate × share of wins that close within h, worth
`PRIOR_DEALS` deals; the realised share is over snapshots, as the open pipeline is
asked, and worth the deals among them. Never decreasing in h; linear in log(h) between rungs. Where the answer falls due at an age (leads),
what h leaves of that age says how old the record is: P = b·(1 − F) / (1 − b·F), b the share of its source that converts, F the share of
conversions that come by that age.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.dataset import Floats, Mask, Rows
from ml.pairs import label
from ml.targets import WIN

NAME = "smoothed"
RUNGS = np.array([1.0, 3, 7, 14, 30, 60, 90, 180, 365, 730])
PRIOR_DEALS = 20.0
TYPICAL_DAYS = 90.0  # mean days to close of a win where no win is known yet
EDGE = 1e-4


@dataclass(frozen=True)
class Smoothed:
    """`speed`: share of wins closed within each rung; `realised`: per stage, deals seen and won within each rung."""

    speed: Floats
    realised: dict[str, tuple[list[float], list[float]]]
    base: Floats
    place: str = WIN.place
    set_rate: str = WIN.set_rate
    first_rate: float = WIN.first_rate  # where a stage has no set rate

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that contributions are given for."""
        return (self.place,)

    def prepare(self, frame: pd.DataFrame) -> Floats:
        """(n, rungs) probability at each rung."""
        curves = self._prior(frame)
        for stage, (seen, won) in self.realised.items():
            here = (frame[self.place] == stage).to_numpy(dtype=bool, na_value=False)
            curves[here] = (np.array(won) + PRIOR_DEALS * curves[here]) / (np.array(seen) + PRIOR_DEALS)
        return np.maximum.accumulate(np.clip(curves, EDGE, 1 - EDGE), axis=1)

    def _prior(self, frame: pd.DataFrame) -> Floats:
        if not self.set_rate:
            return np.tile(self.base, (len(frame), 1))
        rates = frame[self.set_rate].to_numpy(dtype=float, na_value=np.nan)
        return np.outer(np.where(np.isnan(rates), self.first_rate, rates), self.speed)

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
            "asked": [self.place, self.set_rate, self.first_rate],
        }

    @classmethod
    def from_files(cls, kept: dict[str, Any]) -> "Smoothed":
        """From the bundle."""
        return cls(
            np.array(kept["speed"]),
            {stage: (seen, won) for stage, (seen, won) in kept["realised"].items()},
            np.array(kept["base"]),
            *kept.get("asked", ()),  # models kept from before there were leads ask of stages
        )


def fit_smoothed(rows: Rows, today: int) -> Smoothed:
    """Count outcomes known on `today`; with no rows at all the set rates stand alone."""
    target = rows.target
    speed = _speed_of_age(rows, today, target.within_days) if target.within_days else _speed(rows, today)
    stages = rows.features[target.place].to_numpy(object)
    count = _counts_by_age if target.within_days else _counts
    realised = {
        stage: count(rows, stages == stage, today, speed) for stage in sorted({s for s in stages if isinstance(s, str)})
    }
    seen, wins = (
        np.sum([pair[i] for pair in realised.values()], axis=0) if realised else np.zeros(len(RUNGS)) for i in (0, 1)
    )
    prior = _still_to_come(target.first_rate, speed) if target.within_days else target.first_rate * speed
    base = np.maximum.accumulate(np.clip((wins + PRIOR_DEALS * prior) / (seen + PRIOR_DEALS), EDGE, 1 - EDGE))
    return Smoothed(speed, realised, base, target.place, target.set_rate, target.first_rate)


def _speed(rows: Rows, today: int) -> Floats:
    """Share of wins that close within each rung of a snapshot."""
    won = rows.is_won & (rows.known <= today)
    left = (rows.closed - rows.day)[won]
    own = np.array([(left <= rung).sum() for rung in RUNGS])
    return (own + PRIOR_DEALS * (1 - np.exp(-RUNGS / TYPICAL_DAYS))) / (len(left) + PRIOR_DEALS)


def _speed_of_age(rows: Rows, today: int, within_days: int) -> Floats:
    """Share of conversions still to come when each rung is left of the `within_days`; all of them at the first day."""
    won = rows.is_won & (rows.known <= today)
    _, first = np.unique(rows.deal[won], return_index=True)
    age = (rows.closed - rows.born)[won][first]
    at = np.maximum(within_days - RUNGS, 0.0)
    own = np.array([(age > there).sum() for there in at])
    return np.asarray((own + PRIOR_DEALS * np.exp(-at / (within_days / 3))) / (len(age) + PRIOR_DEALS))


def _still_to_come(share: float, left: Floats) -> Floats:
    """Chance of a record that is still open, by the share of its kind that converts and the share of conversions `left`."""
    return np.asarray(share * left / (1 - share * (1 - left)))


def _counts_by_age(rows: Rows, here: Mask, today: int, speed: Floats) -> tuple[list[float], list[float]]:
    """Leads whose answer is known, and those of them that are expected to convert from each rung on."""
    chosen = np.flatnonzero(here & (rows.known <= today))
    _, first = np.unique(rows.deal[chosen], return_index=True)
    leads = len(first)
    share = float(rows.is_won[chosen][first].mean()) if leads else 0.0
    return [float(leads)] * len(RUNGS), (leads * _still_to_come(share, speed)).tolist()


def _counts(rows: Rows, here: Mask, today: int, _: Floats) -> tuple[list[float], list[float]]:
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
