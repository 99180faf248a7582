"""Ridge logistic regression of additive curves: the tier `small_model` for tenants with few closed deals, and a part of `full_model`.

A text has a weight per value. A number enters as sign(x)·log(1+|x|), standardised and held within three deviations, since what lies beyond
was not learned, with steps at its quantiles where there are deals enough to place them; a missing one has a weight of its own. The horizon
enters as ramps between rungs, and for each day on which the answer turns (the period's end, the close date, the bid day) as ramps up to it
and beyond it and a step at it; their weights may not be negative, so the probability never decreases in the horizon: Newton's method, and a
term whose weight turns negative is dropped and the rest fitted again. What features weigh is learned at one horizon, what the horizon adds
at all of them (ADR 44).
Fitted, each column is a lookup: its contribution is read off, not computed by products that depend on the batch.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ml.curves import Curve, blank, block, drawn
from ml.dataset import Floats, Rows
from ml.encoding import Encoding
from ml.pairs import Pairs

RIDGE = 10.0  # deals' worth of belief that a term says nothing
HORIZON_RIDGE = 1.0
RUNGS = np.log(np.array([1.0, 3, 7, 14, 30, 60, 90, 180, 365, 730]))
AROUND = (
    (-14.0, -7.0),
    (-7.0, 0.0),
    (0.0, 7.0),
    (7.0, 30.0),
)  # days past such a day: periods end in a rush, bids are decided after
TERMS_A_DAY = len(AROUND) + 1
MOST_STEPS = 7
DEALS_A_STEP = 150
NEWTON_STEPS = 30
CLOSE_ENOUGH = 1e-5  # of the last step: its square is what remains
MAX_PAIRS = 30_000  # of more, every n-th is enough for a few hundred weights
MAX_TIMED = 100_000  # the same where only horizon terms are fitted


@dataclass(frozen=True)
class Small:
    """A curve per column of the encoding, a weight per horizon term, a constant."""

    encoding: Encoding
    curves: tuple[Curve, ...]
    steps: Floats
    constant: float

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that contributions are given for."""
        return self.encoding.columns

    def prepare(self, frame: pd.DataFrame) -> Floats:
        """(n, width): each column's contribution, then the days off that the horizon is held against."""
        raw = self.encoding.prepare(frame)
        read = [
            curve.at(raw[:, i], is_text=name in self.encoding.rates)
            for i, (name, curve) in enumerate(zip(self.encoding.used, self.curves, strict=True))
        ]
        return np.column_stack([*read, raw[:, len(read) :]])

    def log_odds(self, prepared: Floats, horizon: Floats) -> Floats:
        """(n,) log-odds of winning within `horizon` days."""
        total = np.full(len(prepared), self.constant)
        for part in self.contributions(prepared, horizon)[0].T:
            total = total + part
        return total

    def contributions(self, prepared: Floats, horizon: Floats) -> tuple[Floats, Floats]:
        """(n, columns) contributions and (n,) base; a column's value and its missing indicator are one contribution."""
        own, days_off = np.split(prepared, [len(self.encoding.used)], axis=1)
        terms = _horizon_terms(days_off, horizon) * self.steps
        ends = len(RUNGS) - 1 + TERMS_A_DAY * np.arange(days_off.shape[1])
        read = [_added(part) for part in np.split(terms, ends, axis=1)]
        return np.column_stack([own, *read]), np.full(len(prepared), self.constant)

    def files(self) -> dict[str, Any]:
        """As kept in the bundle."""
        curves = [
            [curve.centre, curve.spread, curve.slope, curve.knots.tolist(), curve.table.tolist()]
            for curve in self.curves
        ]
        return {
            "encoding": self.encoding.to_json(),
            "curves": curves,
            "steps": self.steps.tolist(),
            "constant": self.constant,
        }

    @classmethod
    def from_files(cls, kept: dict[str, Any]) -> "Small":
        """From the bundle."""
        curves = tuple(
            Curve(centre, spread, slope, np.array(knots), np.array(table))
            for centre, spread, slope, knots, table in kept["curves"]
        )
        return cls(Encoding.from_json(kept["encoding"]), curves, np.array(kept["steps"]), kept["constant"])


def fit_small(rows: Rows, pairs: Pairs, encoding: Encoding, anchor: Pairs | None = None) -> Small:
    """Fit on pairs whose labels are known; weights sum to deals, so RIDGE is in units of deals.

    With an `anchor` the curves are learned from it, and what the horizon adds from `pairs`, with the curves as they are.
    """
    first = (anchor or pairs).at_most(MAX_PAIRS)
    prepared = encoding.prepare(rows.features)
    most = int(np.clip(first.weight.sum() // DEALS_A_STEP, 0, MOST_STEPS))
    empty = [
        blank(prepared[:, i], len(encoding.rates[name]) if name in encoding.rates else -1, most)
        for i, name in enumerate(encoding.used)
    ]
    raw = prepared[first.row]
    blocks = [
        block(curve, raw[:, i], name in encoding.rates) for i, (name, curve) in enumerate(_named(encoding, empty))
    ]
    ends = np.cumsum([own.shape[1] for own in blocks])
    weights = _fitted(np.column_stack(blocks), raw[:, len(encoding.used) :], first)
    curves = tuple(
        drawn(curve, own, name in encoding.rates)
        for (name, curve), own in zip(_named(encoding, empty), np.split(weights[: ends[-1]], ends[:-1]), strict=True)
    )
    small = Small(encoding, curves, weights[ends[-1] : -1], float(weights[-1]))
    return _timed(small, rows, pairs.at_most(MAX_TIMED)) if anchor is not None else small


def _timed(small: Small, rows: Rows, pairs: Pairs) -> Small:
    """The same curves; constant and horizon terms fitted to pairs at all horizons."""
    own, days_off = np.split(small.prepare(rows.features)[pairs.row], [len(small.encoding.used)], axis=1)
    weights = _fitted(np.empty((len(pairs), 0)), days_off, pairs, _added(own))
    return Small(small.encoding, small.curves, weights[:-1], float(weights[-1]))


def _fitted(blocks: Floats, days_off: Floats, pairs: Pairs, given: Floats | float = 0.0) -> Floats:
    """Weights of the blocks, of the horizon terms (none below 0) and the constant, beside log-odds that are `given`."""
    terms = _horizon_terms(days_off, pairs.horizon)
    design = np.column_stack([blocks, terms, np.ones(len(pairs))])
    first = blocks.shape[1]
    ridge = np.full(design.shape[1], RIDGE)
    ridge[first:-1], ridge[-1] = HORIZON_RIDGE, 1e-6
    weights = np.zeros(design.shape[1])
    while True:
        weights = newton(design, pairs.label, pairs.weight, ridge, weights, given)
        negative = np.flatnonzero(weights[first:-1] < 0) + first
        if not len(negative):
            return weights
        weights[negative], ridge[negative] = 0.0, np.inf


def _named(encoding: Encoding, curves: list[Curve]) -> list[tuple[str, Curve]]:
    return list(zip(encoding.used, curves, strict=True))


def newton(
    design: Floats, label: Floats, weight: Floats, ridge: Floats, start: Floats, given: Floats | float = 0.0
) -> Floats:
    """Weights of a ridge logistic regression beside log-odds that are `given`, from `start`; a term whose ridge is infinite stays."""
    free = np.flatnonzero(np.isfinite(ridge))
    own, held, beta = design[:, free], ridge[free], start.copy()
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ beta + given, -30, 30)))
        slope = own.T @ (weight * (p - label)) + held * beta[free]
        curve = (own * (weight * p * (1 - p))[:, None]).T @ own + np.diag(held)
        step = np.linalg.solve(curve, slope)
        beta[free] -= step * min(1.0, 5.0 / max(np.abs(step).max(), 1e-12))
        if np.abs(step).max() < CLOSE_ENOUGH:
            break
    return beta


def _horizon_terms(days_off: Floats, horizon: Floats) -> Floats:
    """(n, terms), each 0 to 1: how far log(horizon) has come between two rungs; then of each day off how far the horizon lies past it.

    A day that a row does not have adds nothing: what that means is the weight of the missing feature.
    """
    at = np.log(np.maximum(horizon, 1.0))
    terms = [np.clip((at - low) / (high - low), 0.0, 1.0) for low, high in pairwise(RUNGS)]
    for day in days_off.T:
        past = np.where(np.isnan(day), -np.inf, horizon - day)
        terms += [np.clip((past - low) / (high - low), 0.0, 1.0) for low, high in AROUND]
        terms.append((past >= 0) * 1.0)
    return np.column_stack(terms)


def _added(terms: Floats) -> Floats:
    """Row sums, column after column: the same bits whatever the batch."""
    total = np.zeros(len(terms))
    for term in terms.T:
        total = total + term
    return total
