"""What one feature adds to the log-odds in the logistic regression: a lookup by value, or a line with steps.

In: a column of the encoding's matrix. Out: a blank curve (where it is centred, where its steps lie), its block of the design, and, once its
weights are fitted, the curve that is read off at any value.
"""

from dataclasses import dataclass

import numpy as np

from ml.dataset import Floats

FARTHEST = 3.0  # standard deviations: what lies beyond was not learned


@dataclass(frozen=True)
class Curve:
    """One column's contribution: `slope` per standardised unit, `table` by text place or by number of knots passed, then for missing."""

    centre: float
    spread: float
    slope: float
    knots: Floats
    table: Floats

    def at(self, x: Floats, *, is_text: bool) -> Floats:
        """(n,) contribution of the column's values."""
        absent = np.isnan(x)
        if is_text:
            place = np.where(absent, len(self.table) - 1, np.nan_to_num(x)).astype(np.int64)
            return self.table[place]
        squeezed = _squeeze(np.nan_to_num(x))
        step = np.where(absent, len(self.table) - 1, np.searchsorted(self.knots, squeezed, side="right"))
        return np.where(absent, 0.0, self.slope * _held(squeezed, self.centre, self.spread)) + self.table[step]


def blank(x: Floats, levels: int, most: int) -> Curve:
    """A curve without weights yet: where it is centred and where its steps lie. `levels` is −1 for a number."""
    if levels >= 0:
        return Curve(0.0, 1.0, 0.0, np.empty(0), np.zeros(levels + 1))
    known = _squeeze(x[~np.isnan(x)])
    centre, spread = (float(known.mean()), float(known.std())) if len(known) else (0.0, 1.0)
    knots = np.unique(np.quantile(known, np.linspace(0, 1, most + 2)[1:-1])) if most and len(known) else np.empty(0)
    knots = knots[(knots > known.min()) & (knots <= known.max())] if len(knots) else knots
    return Curve(centre, spread if spread > 1e-9 else 1.0, 0.0, knots, np.zeros(len(knots) + 2))


def block(curve: Curve, x: Floats, is_text: bool) -> Floats:
    """Columns of the design for one feature: a text's values, or the number and its steps; then whether it is missing."""
    absent = np.isnan(x)
    if is_text:
        return np.column_stack([x[:, None] == np.arange(len(curve.table) - 1), absent]) * 1.0
    squeezed = _squeeze(np.nan_to_num(x))
    value = np.where(absent, 0.0, _held(squeezed, curve.centre, curve.spread))
    steps = 0.5 * ((squeezed[:, None] >= curve.knots) & ~absent[:, None])
    return np.column_stack([value, steps, absent * 1.0])


def drawn(curve: Curve, weights: Floats, is_text: bool) -> Curve:
    """The curve with its fitted weights."""
    if is_text:
        return Curve(curve.centre, curve.spread, 0.0, curve.knots, weights)
    table = np.concatenate([[0.0], np.cumsum(0.5 * weights[1:-1]), weights[-1:]])
    return Curve(curve.centre, curve.spread, float(weights[0]), curve.knots, table)


def _squeeze(x: Floats) -> Floats:
    return np.asarray(np.sign(x) * np.log1p(np.abs(x)))


def _held(squeezed: Floats, centre: float, spread: float) -> Floats:
    return np.clip((squeezed - centre) / spread, -FARTHEST, FARTHEST)
