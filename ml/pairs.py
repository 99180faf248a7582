"""Rows asked by horizon: pairs of a snapshot and a number of days, with the label "won within them" as known on the training day.

In: `Rows`. Out: `Pairs`. A pair (day, horizon) is used only if day + horizon ≤ the training day: taking further pairs of deals that happen
to have closed already would fill the newest rows with quick wins and quick losses only.
"""

from dataclasses import dataclass

import numpy as np

from ml.dataset import Floats, Ints, Mask, Rows

SHORTEST_HORIZON = 3
ANCHOR_DAYS = 30  # near enough to be known soon, far enough for a tenth of open deals to be won: 20 to 45 do as well (docs/accuracy.md)
MAX_ROWS = 100_000  # more rows than this are thinned by a seeded draw: same rows, same draw
HALF_LIFE_DAYS = 365.0


@dataclass(frozen=True)
class Pairs:
    """Rows × horizons: `row` points into a `Rows`; weights sum to the number of distinct deals, so that repeats do not count."""

    row: Ints
    horizon: Floats
    label: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.row)

    def take(self, chosen: Mask | Ints) -> "Pairs":
        """The chosen pairs (mask or positions)."""
        return Pairs(self.row[chosen], self.horizon[chosen], self.label[chosen], self.weight[chosen])

    def at_most(self, most: int) -> "Pairs":
        """Every n-th pair where there are more than `most`, with the weight of those left out."""
        every = -(-len(self) // most)
        if every <= 1:
            return self
        return Pairs(self.row[::every], self.horizon[::every], self.label[::every], self.weight[::every] * every)


def label(rows: Rows, row: Ints, horizon: Floats, today: int) -> Floats:
    """1 where the row's deal was won within `horizon` days of its snapshot, as known on `today`; else 0."""
    won = (rows.is_won & (rows.known <= today))[row] & (rows.closed[row] <= rows.day[row] + horizon)
    return won.astype(np.float64)


def pairs_at(rows: Rows, horizon: int, today: int) -> Pairs:
    """Every row whose label at one fixed horizon (of leads: at the age that their question names) is known on `today`, with weight 1."""
    due = rows.due(horizon)
    row = np.flatnonzero(rows.day + due <= today)
    horizons = due[row]
    return Pairs(row, horizons, label(rows, row, horizons, today), np.ones(len(row)))


def anchored(rows: Rows, today: int) -> Pairs:
    """Every row asked at ANCHOR_DAYS, weights as in `sample_pairs`: what features weigh is learned from these (ADR 44)."""
    return recent(rows, pairs_at(rows, ANCHOR_DAYS, today), today)


def sample_pairs(rows: Rows, today: int, longest: int, seed: int) -> Pairs:
    """Training pairs: up to three horizons per row, drawn evenly over log(days) between 3 and `longest`, plus the period's end.

    Weights halve every 365 days of age. Rows beyond MAX_ROWS are thinned by the same seeded draw.
    """
    draw = np.random.default_rng(seed)
    row = np.sort(draw.permutation(len(rows))[:MAX_ROWS])
    edges = np.linspace(np.log(SHORTEST_HORIZON), np.log(max(longest, 30)), 4)
    within = edges[:-1] + np.diff(edges) * draw.random((len(row), 3))
    to_end = rows.features["days_to_period_end"].to_numpy()[row]
    horizon = np.column_stack([np.round(np.exp(within)), np.where(to_end >= 1, to_end, np.nan)])
    usable = rows.day[row][:, None] + horizon <= today
    which, _ = np.nonzero(usable)
    row, horizons = row[which], horizon[usable]
    return recent(rows, Pairs(row, horizons, label(rows, row, horizons, today), np.ones(len(row))), today)


def recent(rows: Rows, pairs: Pairs, today: int) -> Pairs:
    """The pairs with weights that halve every 365 days of age and sum to the number of deals."""
    weight = np.asarray(0.5 ** ((today - rows.day[pairs.row]) / HALF_LIFE_DAYS), dtype=float)
    scale = len(np.unique(rows.deal[pairs.row])) / weight.sum() if len(pairs) else 1.0
    return Pairs(pairs.row, pairs.horizon, pairs.label, weight * scale)
