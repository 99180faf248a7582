"""Tier `small_model`: ridge logistic regression for tenants with few closed deals.

Numbers enter as sign(x)·log(1+|x|), standardised by training means; a missing one enters as the mean, with an indicator of its own. The
horizon enters as log(1+h) and as two steps (past the period's end, past the close date); their weights may not be negative, so the
probability never decreases in the horizon: Newton's method, and a step whose weight turns negative is dropped and the rest fitted again.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.dataset import Floats, Pairs, Rows
from ml.encoding import Encoding

NAME = "small_model"
RIDGE = 1.0
HORIZON_TERMS = 3
NEWTON_STEPS = 30
MAX_PAIRS = 100_000  # of more, every n-th is enough for a hundred weights


@dataclass(frozen=True)
class Small:
    """Weights over [standardised columns, missing indicators, horizon terms, constant]."""

    encoding: Encoding
    centre: Floats
    spread: Floats
    weights: Floats

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that contributions are given for."""
        return self.encoding.columns

    def prepare(self, frame: pd.DataFrame) -> Floats:
        """(n, used + 2) matrix of the encoding."""
        return self.encoding.prepare(frame)

    def log_odds(self, prepared: Floats, horizon: Floats) -> Floats:
        """(n,) log-odds of winning within `horizon` days."""
        return np.asarray(self._terms(prepared, horizon).sum(axis=1) + self.weights[-1])

    def contributions(self, prepared: Floats, horizon: Floats) -> tuple[Floats, Floats]:
        """(n, columns) contributions and (n,) base; a column's value and its missing indicator are one contribution."""
        terms = self._terms(prepared, horizon)
        k = len(self.encoding.used)
        parts = np.column_stack([terms[:, :k] + terms[:, k : 2 * k], terms[:, 2 * k :]])
        return parts, np.full(len(parts), self.weights[-1])

    def _terms(self, prepared: Floats, horizon: Floats) -> Floats:
        return np.asarray(_design(prepared, horizon, self.centre, self.spread) * self.weights[:-1])

    def files(self) -> dict[str, Any]:
        """As kept in the bundle."""
        return {
            "encoding": self.encoding.to_json(),
            "centre": self.centre.tolist(),
            "spread": self.spread.tolist(),
            "weights": self.weights.tolist(),
        }

    @classmethod
    def from_files(cls, kept: dict[str, Any]) -> "Small":
        """From the bundle."""
        return cls(
            Encoding.from_json(kept["encoding"]), *(np.array(kept[key]) for key in ("centre", "spread", "weights"))
        )


def fit_small(rows: Rows, pairs: Pairs, encoding: Encoding) -> Small:
    """Fit on pairs whose labels are known; weights sum to deals, so RIDGE is in units of deals."""
    every = -(-len(pairs.row) // MAX_PAIRS)
    if every > 1:
        pairs = Pairs(pairs.row[::every], pairs.horizon[::every], pairs.label[::every], pairs.weight[::every] * every)
    prepared = encoding.prepare(rows.features)
    body = _squeeze(prepared[:, :-2])
    filled = np.where(np.isnan(body), 0.0, 1.0)
    share = np.maximum(filled.sum(axis=0), 1.0)
    centre = np.nansum(body, axis=0) / share
    spread = np.sqrt(np.nansum((body - centre) ** 2, axis=0) / share)
    spread[spread < 1e-9] = 1.0
    design = np.column_stack([_design(prepared[pairs.row], pairs.horizon, centre, spread), np.ones(len(pairs.row))])
    kept = np.ones(design.shape[1], dtype=bool)
    first = design.shape[1] - 1 - HORIZON_TERMS
    while True:
        weights = np.zeros(len(kept))
        weights[kept] = _newton(design[:, kept], pairs.label, pairs.weight)
        negative = np.flatnonzero(weights[first:-1] < 0) + first
        if not len(negative):
            return Small(encoding, centre, spread, weights)
        kept[negative] = False


def _newton(design: Floats, label: Floats, weight: Floats) -> Floats:
    ridge = np.full(design.shape[1], RIDGE)
    ridge[-1] = 1e-6
    beta = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        slope = design.T @ (weight * (p - label)) + ridge * beta
        curve = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        beta -= step * min(1.0, 5.0 / max(np.abs(step).max(), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return beta


def _squeeze(x: Floats) -> Floats:
    return np.asarray(np.sign(x) * np.log1p(np.abs(x)))


def _design(prepared: Floats, horizon: Floats, centre: Floats, spread: Floats) -> Floats:
    body = (_squeeze(prepared[:, :-2]) - centre) / spread
    absent = np.isnan(body)
    to_end, to_close = prepared[:, -2], prepared[:, -1]
    steps = [np.log1p(horizon), (horizon >= to_end) * 1.0, (horizon >= to_close) * 1.0]
    return np.column_stack([np.where(absent, 0.0, body), absent * 1.0, *steps])
