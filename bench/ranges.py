"""How good forecasts of totals and their 80 % ranges are: WAPE, coverage, Winkler score, and how little a few windows prove.

In: what came, and (days, 3) low, middle and high. Out: `Judged`. Windows of 30 days asked daily overlap, so that few of them are
independent: their number and a block bootstrap (Künsch 1989) stand beside every coverage.
"""

from dataclasses import dataclass

import numpy as np

from bench.books import SPAN
from bench.cases import Floats

OUTSIDE = 0.2  # of an 80 % range: what falls outside costs 2 / 0.2 times its distance (Winkler 1972)
DRAWS, SEED = 2000, 20240101
WANTED = 0.8


@dataclass(frozen=True)
class Judged:
    """`winkler` and `width` relative to the mean total; `low` and `high` bound the coverage in 90 % of bootstrap draws."""

    wape: float
    bias: float
    coverage: float
    low: float
    high: float
    winkler: float
    width: float


def judge(truth: Floats, told: Floats) -> Judged:
    """Measure one contender."""
    low, middle, high = told.T
    held = ((truth >= low) & (truth <= high)).astype(float)
    missed = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    bounds = np.quantile(_blocks(held), [0.05, 0.95])
    return Judged(
        wape=float(np.abs(middle - truth).sum() / truth.sum()),
        bias=float((middle - truth).sum() / truth.sum()),
        coverage=float(held.mean()),
        low=float(bounds[0]),
        high=float(bounds[1]),
        winkler=float((high - low + 2 / OUTSIDE * missed).mean() / truth.mean()),
        width=float((high - low).mean() / truth.mean()),
    )


def windows(days: int) -> int:
    """How many windows of the span fit into so many days without overlapping."""
    return (days + SPAN - 1) // SPAN


def _blocks(held: Floats) -> Floats:
    """Means of draws that are put together from blocks of a window's length, taken round in a circle."""
    draw = np.random.default_rng(SEED)
    first = draw.integers(0, len(held), size=(DRAWS, windows(len(held))))
    places = (first[:, :, None] + np.arange(min(SPAN, len(held)))) % len(held)
    return np.asarray(held[places].reshape(DRAWS, -1)[:, : len(held)].mean(axis=1))


def verdicts(measured: dict[str, Judged], ours: str, weighted: str) -> list[str]:
    """A sentence per goal of the period forecast, with the figures that decide it."""
    own, peers = measured[ours], {name: each for name, each in measured.items() if name != ours}
    best = min(peers, key=lambda name: peers[name].wape)
    sharpest = min(peers, key=lambda name: peers[name].winkler)
    return [
        _told(
            own.wape <= peers[weighted].wape / 2,
            f"WAPE {own.wape:.3f}, at most half the {weighted}'s {peers[weighted].wape:.3f}",
        ),
        _told(
            own.wape < peers[best].wape, f"WAPE {own.wape:.3f}, below the best peer's ({best}) {peers[best].wape:.3f}"
        ),
        _told(
            own.low <= WANTED <= own.high,
            f"coverage {own.coverage:.2f} [{own.low:.2f}, {own.high:.2f}] includes {WANTED:.2f}",
        ),
        _told(
            own.winkler < peers[sharpest].winkler,
            f"Winkler {own.winkler:.3f}, best peer ({sharpest}) {peers[sharpest].winkler:.3f}",
        ),
    ]


def _told(is_reached: bool, what: str) -> str:
    return f"{what}: {'reached' if is_reached else '**NOT reached**'}"
