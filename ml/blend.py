"""Parts that forecast the same thing, combined in the log-odds: Σ weight × log-odds, weights ≥ 0 with a sum of at most 1.

In: parts fitted on all rows, and their forecasts of newer rows made by parts that knew only older ones. Out: the weights. They are drawn
towards an even mix, and are learned beside an intercept per fold, so that a drift of the level does not pass for knowledge. Their sum stays
at most 1: what newer rows seem to allow in sharpness, drift takes back. No negative weight: a blend of curves that never fall never falls.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.boosted import Boosted
from ml.dataset import Floats, Ints
from ml.small import Small
from ml.smoothed import Smoothed

KINDS: dict[str, type[Smoothed] | type[Small] | type[Boosted]] = {
    "smoothed": Smoothed,
    "small": Small,
    "shallow": Boosted,
    "deep": Boosted,
}
EVEN = {"smoothed": 0.1, "small": 0.3, "shallow": 0.3, "deep": 0.3}
PRIOR_DEALS = 1000.0  # deals' worth of belief in the even mix
LEVEL_DEALS = 20.0  # the same for a fold's intercept to be 0
DEAL_INFORMATION = 0.2  # p(1 - p) of a usual deal: what one deal adds to the curvature


@dataclass(frozen=True)
class Blend:
    """Parts by their kind, in a fixed order, and the weight of each."""

    parts: dict[str, Smoothed | Small | Boosted]
    weights: dict[str, float]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that contributions are given for: those of all parts."""
        return tuple(dict.fromkeys(column for part in self.parts.values() for column in part.columns))

    def prepare(self, frame: pd.DataFrame) -> Floats:
        """The parts' prepared matrices side by side."""
        return np.column_stack([part.prepare(frame) for part in self.parts.values()])

    def _split(self, prepared: Floats) -> list[Floats]:
        ends = np.cumsum([_width(part) for part in self.parts.values()])[:-1]
        return np.split(prepared, ends, axis=1)

    def log_odds(self, prepared: Floats, horizon: Floats) -> Floats:
        """(n,) log-odds of winning within `horizon` days."""
        total = np.zeros(len(prepared))
        for (kind, part), own in zip(self.parts.items(), self._split(prepared), strict=True):
            total = total + self.weights[kind] * part.log_odds(own, horizon)
        return total

    def contributions(self, prepared: Floats, horizon: Floats) -> tuple[Floats, Floats]:
        """(n, columns) contributions and (n,) base: weighted sums of the parts' own."""
        place = {column: i for i, column in enumerate(self.columns)}
        total, base = np.zeros((len(prepared), len(place))), np.zeros(len(prepared))
        for (kind, part), own in zip(self.parts.items(), self._split(prepared), strict=True):
            found, constant = part.contributions(own, horizon)
            for i, column in enumerate(part.columns):
                total[:, place[column]] += self.weights[kind] * found[:, i]
            base = base + self.weights[kind] * constant
        return total, base

    def files(self) -> dict[str, Any]:
        """As kept in the bundle: boosters as bytes, by kind."""
        files = {kind: part.files() for kind, part in self.parts.items()}
        boosters = {kind: own.pop("booster") for kind, own in files.items() if "booster" in own}
        return {"parts": files, "weights": self.weights, "boosters": boosters}

    @classmethod
    def from_files(cls, kept: dict[str, Any]) -> "Blend":
        """From the bundle; the order of parts is that of KINDS."""
        parts = {
            kind: KINDS[kind].from_files({**kept["parts"][kind], "booster": kept["boosters"].get(kind)})
            for kind in KINDS
            if kind in kept["parts"]
        }
        return cls(parts, kept["weights"])


def _width(part: Smoothed | Small | Boosted) -> int:
    return len(part.base) if isinstance(part, Smoothed) else part.encoding.width


def stack(forecasts: Floats, label: Floats, weight: Floats, fold: Ints, even: Floats) -> tuple[Floats, Floats]:
    """(parts,) weights and (folds,) intercepts from out-of-time log-odds (n, parts)."""
    kept = np.ones(len(even), dtype=bool)
    tied = False
    while True:
        found, level = _solve(forecasts, label, weight, fold, even, kept, tied=tied)
        if (found[kept] < 0).any():
            kept[int(np.argmin(np.where(kept, found, np.inf)))] = False
        elif found.sum() > 1 + 1e-9 and not tied:
            kept[:], tied = True, True
        else:
            return np.maximum(found, 0.0), level


def _solve(
    forecasts: Floats, label: Floats, weight: Floats, fold: Ints, even: Floats, kept: Any, *, tied: bool
) -> tuple[Floats, Floats]:
    """Newton's method for the kept weights; `tied`: their sum is 1, so the last one is what the others leave."""
    places = np.flatnonzero(kept)
    free = places[:-1] if tied else places
    turn, start = np.zeros((len(even), len(free))), np.zeros(len(even))
    turn[free, np.arange(len(free))] = 1.0
    if tied:
        turn[places[-1]], start[places[-1]] = -1.0, 1.0
    folds = int(fold.max()) + 1
    design = np.column_stack([fold[:, None] == np.arange(folds), forecasts @ turn]) * 1.0
    fixed = forecasts @ start
    belief = PRIOR_DEALS * DEAL_INFORMATION
    curve = np.zeros((design.shape[1], design.shape[1]))
    curve[:folds, :folds] = LEVEL_DEALS * DEAL_INFORMATION * np.eye(folds)
    curve[folds:, folds:] = belief * turn.T @ turn
    pull = np.concatenate([np.zeros(folds), belief * turn.T @ (start - even)])
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ beta + fixed, -30, 30)))
        slope = design.T @ (weight * (p - label)) + curve @ beta + pull
        step = np.linalg.solve((design * (weight * p * (1 - p))[:, None]).T @ design + curve, slope)
        beta = beta - step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    return start + turn @ beta[folds:], beta[:folds]


def agreed(levels: Floats) -> float:
    """The shift of the level that all folds agree on: the one nearest to 0 if all have one sign, else 0.

    A drift that reversed once will reverse again: what only the newest rows show is not yet believed.
    """
    if not len(levels) or levels.min() * levels.max() <= 0:
        return 0.0
    return float(levels[np.argmin(np.abs(levels))])
