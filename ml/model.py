"""The win model: ONE coherent answer to "won within h days?" for every h, never decreasing in h, whatever tier stands behind it.

The lead model is the same engine, asked when a lead falls due: "converted before it is 90 days old?" (`ml/targets.py`).

In: `Rows` and the training day. Out: `WinModel`: a tier (smoothed stage rates; these blended with logistic regression; with boosting too),
one increasing calibration map of its log-odds, the horizon that stands for "ever", and what winners show, for the reasons. All that is
learned is saved with it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ml.amounts import Amounts
from ml.blend import Blend
from ml.boosted import DEEP, SHALLOW, Boosted, fit_boosted
from ml.calibration import SEGMENT, Calibration, Held, combine, even_mix
from ml.dataset import Floats, Rows, ever_horizon
from ml.encoding import learn_encoding
from ml.pairs import Pairs, anchored, pairs_at, recent, sample_pairs
from ml.small import Small, fit_small
from ml.smoothed import Smoothed, fit_smoothed
from ml.targets import WIN, Target
from ml.typical import typical_of

TIERS = ("smoothed", "small_model", "full_model")
PARTS = {"small_model": ("smoothed", "small"), "full_model": ("smoothed", "small", "shallow", "deep")}
SMALL_FROM, FULL_FROM = 40, 200  # closed deals, won and lost each
ANCHOR_FROM = 20  # deals won within the anchor's horizon
FOLDS_FROM = (0.6, 0.8)  # of the pairs, by day: where the folds that the calibration is learned on begin
SHORTEST_EVER = 90
DUE_PAIRS = 15_000  # of leads, a question each: 40,000 take three times as long and gain 0.001 of log loss (measured on the sandbox)
HELD_PAIRS = 60_000  # in a fold: plenty for four weights
DEALS_AT_ONCE = 2000  # of a curve: bounds memory, changes no bit
Say = Callable[[str], None]


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
    """`typical` is what winners' snapshots show, per stage and over all (""); `amounts` moves open amounts to expected final ones.

    `closed`: how many (won, lost) deals taught it; None where its bundle does not say.
    """

    name: str
    tier: Tier
    calibration: Calibration
    ever_days: int
    typical: dict[str, dict[str, Any]]
    target: Target = WIN
    amounts: Amounts = field(default_factory=Amounts)
    closed: tuple[int, int] | None = None

    def log_odds(self, frame: pd.DataFrame, horizon: Floats) -> Floats:
        """(n,) calibrated log-odds of winning within `horizon` days, one horizon per row of the contract's columns."""
        raw = self.tier.log_odds(self.tier.prepare(frame), horizon)
        return self.calibration.shifts(frame) + self.calibration.slope * raw

    def curve(self, frame: pd.DataFrame, horizons: list[int]) -> Floats:
        """(n, len(horizons)) probabilities."""
        parts = [
            self._curve(frame.iloc[first : first + DEALS_AT_ONCE], horizons)
            for first in range(0, len(frame), DEALS_AT_ONCE)
        ]
        return np.vstack(parts) if parts else np.empty((0, len(horizons)))

    def _curve(self, frame: pd.DataFrame, horizons: list[int]) -> Floats:
        prepared = self.tier.prepare(frame)
        stacked = self.tier.log_odds(
            np.repeat(prepared, len(horizons), axis=0), np.tile(np.array(horizons, dtype=float), len(frame))
        ).reshape(len(frame), len(horizons))
        return sigmoid(self.calibration.shifts(frame)[:, None] + self.calibration.slope * stacked)

    def explain(self, frame: pd.DataFrame, horizon: Floats) -> tuple[Floats, Floats, Floats]:
        """(n, columns) contributions, (n,) base and (n,) calibration term; together the calibrated log-odds."""
        parts, base = self.tier.contributions(self.tier.prepare(frame), horizon)
        raw = base + parts.sum(axis=1)
        return parts, base, self.calibration.shifts(frame) + (self.calibration.slope - 1) * raw


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-x)))


def allowed_tier(rows: Rows, today: int) -> str:
    """The highest tier that the number of closed deals allows."""
    fewest = min(rows.closed_deals(today))
    return TIERS[2] if fewest >= FULL_FROM else TIERS[1] if fewest >= SMALL_FROM else TIERS[0]


def fit(
    rows: Rows, today: int, tier: str, seed: int, *, asked: int | None = None, say: Say = lambda _: None
) -> WinModel:
    """Fit `tier` on everything known on `today`; `asked` narrows the question to one horizon, for rows that have no other.

    The parts' weights and the calibration are learned from forecasts of newer rows by parts that knew only older ones.
    """
    ever = max(ever_horizon(rows, today), SHORTEST_EVER)
    typical, closed = typical_of(rows, today), rows.closed_deals(today)
    asked = rows.target.within_days or asked
    if tier == "smoothed":
        smoothed = fit_smoothed(rows, today)
        return WinModel(tier, smoothed, Calibration(), ever, typical, rows.target, closed=closed)
    kinds = PARTS[tier]
    pairs = _pairs(rows, today, ever, seed, asked)
    held = _held_out(rows, pairs, today, kinds, seed, asked, say)
    weights, calibration = combine(held, kinds) if held else (even_mix(kinds), Calibration())
    say(f"{tier}: all {len(pairs)} pairs")
    parts = _fit_parts(rows, pairs, _anchor(rows, today, asked), today, kinds, seed)
    return WinModel(tier, Blend(parts, weights), calibration, ever, typical, rows.target, closed=closed)


def _pairs(rows: Rows, today: int, ever: int, seed: int, asked: int | None) -> Pairs:
    if asked is None:
        return sample_pairs(rows, today, ever, seed)
    pairs = pairs_at(rows, asked, today)
    return recent(rows, pairs.at_most(DUE_PAIRS) if rows.target.within_days else pairs, today)


def _anchor(rows: Rows, today: int, asked: int | None) -> Pairs | None:
    """Pairs at one horizon that features are weighed by; None where only one is asked, or too few deals were won within it."""
    pairs = anchored(rows, today) if asked is None else None
    won = len(np.unique(rows.deal[pairs.row[pairs.label > 0]])) if pairs is not None else 0
    return pairs if won >= ANCHOR_FROM else None


def _fit_parts(
    rows: Rows, pairs: Pairs, anchor: Pairs | None, today: int, kinds: tuple[str, ...], seed: int
) -> dict[str, Smoothed | Small | Boosted]:
    encoding = learn_encoding(rows, today)
    makers: dict[str, Callable[[], Smoothed | Small | Boosted]] = {
        "smoothed": lambda: fit_smoothed(rows, today),
        "small": lambda: fit_small(rows, pairs, encoding, anchor),
        "shallow": lambda: fit_boosted(rows, pairs, encoding, today, SHALLOW, seed, anchor),
        "deep": lambda: fit_boosted(rows, pairs, encoding, today, DEEP, seed, anchor),
    }
    return {kind: makers[kind]() for kind in kinds}


def _held_out(
    rows: Rows, pairs: Pairs, today: int, kinds: tuple[str, ...], seed: int, asked: int | None, say: Say
) -> Held | None:
    """Forecasts of the newer pairs, fold by fold; None where too little was known before the first of them."""
    day = rows.day[pairs.row]
    starts = [int(start) for start in np.quantile(day, FOLDS_FROM)] if len(pairs) else []
    found: list[tuple[Floats, Pairs]] = []
    for start, end in zip(starts, [*starts[1:], today + 1], strict=True):
        older, newer = rows.take(rows.day < start), pairs.take((day >= start) & (day < end))
        if min(older.closed_deals(start)) < SMALL_FROM or not len(newer):
            continue
        known = _pairs(older, start, max(ever_horizon(older, start), SHORTEST_EVER), seed, asked)
        if len(np.unique(known.label)) < 2:
            continue
        say(f"fold from day {start}: {len(known)} pairs known before, {len(newer)} held out")
        newer = newer.at_most(HELD_PAIRS)
        parts = _fit_parts(older, known, _anchor(older, start, asked), start, kinds, seed)
        found.append((_forecasts(parts, rows, newer), newer))
    if not found:
        return None
    segment = _segments(rows)[np.concatenate([held.row for _, held in found])]
    fold = np.repeat(np.arange(len(found)), [len(held) for _, held in found])
    label, weight = (np.concatenate([getattr(held, name) for _, held in found]) for name in ("label", "weight"))
    return Held(np.vstack([forecasts for forecasts, _ in found]), label, weight, fold, segment)


def _segments(rows: Rows) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    """Segment of each row; None where the question has none."""
    return rows.features[SEGMENT].to_numpy(object) if SEGMENT in rows.features else np.full(len(rows), None)


def _forecasts(parts: dict[str, Smoothed | Small | Boosted], rows: Rows, pairs: Pairs) -> Floats:
    return np.column_stack(
        [part.log_odds(part.prepare(rows.features)[pairs.row], pairs.horizon) for part in parts.values()]
    )


def restore(name: str, files: dict[str, Any]) -> Tier:
    """The tier called `name` from its kept files."""
    return Smoothed.from_files(files) if name == "smoothed" else Blend.from_files(files)
