"""ONE increasing map of the log-odds, the same for all horizons: a slope over all, a shift over all and one more per sales process.

In: what parts that knew only older rows forecast for newer ones, in folds. Out: weights of the parts and the map. One map for all horizons
keeps the order of the horizons; a map per horizon would break it.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ml.blend import DEAL_INFORMATION, EVEN, agreed, stack
from ml.dataset import Floats, Ints

SEGMENT = "sales_process"
SEGMENT_FROM = 200.0  # deals in every fold
SEGMENT_PRIOR = 200.0  # deals' worth of belief that a segment needs no shift of its own
FLATTEST = 0.05  # least slope: the map stays increasing where the newest rows show no signal


@dataclass(frozen=True)
class Calibration:
    """Shown log-odds = shift + shift of the segment + slope × raw log-odds; `slope` > 0."""

    shift: float = 0.0
    slope: float = 1.0
    segments: dict[str, float] = field(default_factory=dict)

    def shifts(self, frame: pd.DataFrame) -> Floats:
        """(n,) shift of each row."""
        if not self.segments:
            return np.full(len(frame), self.shift)
        own = frame[SEGMENT].map(self.segments).to_numpy(dtype=float, na_value=0.0)
        return np.asarray(self.shift + own, dtype=np.float64)


@dataclass(frozen=True)
class Held:
    """Out-of-time forecasts: log-odds (n, parts), labels, weights in deals, fold and segment (None: unknown) of each."""

    forecasts: Floats
    label: Floats
    weight: Floats
    fold: Ints
    segment: "np.ndarray[tuple[int], np.dtype[np.object_]]"


def combine(held: Held, kinds: tuple[str, ...]) -> tuple[dict[str, float], Calibration]:
    """Weights of the parts with a sum of 1, and the map."""
    even = even_mix(kinds)
    weights, levels = stack(held.forecasts, held.label, held.weight, held.fold, np.array([even[k] for k in kinds]))
    slope = float(weights.sum())
    if slope < FLATTEST:
        weights, slope = np.array([even[k] for k in kinds]), FLATTEST
    weights = weights / weights.sum()
    raw = slope * (held.forecasts @ weights)
    segments = _segments(held, raw + levels[held.fold])
    return {kind: float(weight) for kind, weight in zip(kinds, weights, strict=True)}, Calibration(
        agreed(levels), slope, segments
    )


def even_mix(kinds: tuple[str, ...]) -> dict[str, float]:
    """The mix that is believed in before anything is measured; its sum is 1."""
    total = sum(EVEN[kind] for kind in kinds)
    return {kind: EVEN[kind] / total for kind in kinds}


def _segments(held: Held, shown: Floats) -> dict[str, float]:
    """Shift of each segment that all folds agree on."""
    found = {}
    for segment in sorted({name for name in held.segment if isinstance(name, str)}):
        here = held.segment == segment
        folds = [here & (held.fold == fold) for fold in range(int(held.fold.max()) + 1)]
        if all(held.weight[rows].sum() >= SEGMENT_FROM for rows in folds):
            levels = np.array(
                [level(shown[rows], held.label[rows], held.weight[rows], SEGMENT_PRIOR) for rows in folds]
            )
            found[str(segment)] = agreed(levels)
    return {segment: shift for segment, shift in found.items() if shift}


def level(raw: Floats, label: Floats, weight: Floats, prior_deals: float) -> float:
    """What must be added to `raw` so that as many are won as were forecast, drawn towards 0 by `prior_deals`."""
    shift = 0.0
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(raw + shift, -30, 30)))
        slope = float((weight * (label - p)).sum()) - prior_deals * DEAL_INFORMATION * shift
        step = slope / (float((weight * p * (1 - p)).sum()) + prior_deals * DEAL_INFORMATION)
        shift += float(np.clip(step, -2, 2))
        if abs(step) < 1e-10:
            break
    return shift
