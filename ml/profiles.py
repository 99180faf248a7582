"""What a model's features looked like in its training window, and by how much a day of that window usually differs from the others.

In: snapshots of the last 26 weeks before the model's day. Out: `Profile` per feature, kept in `ops.feature_profiles` as JSON, made once for
each model. PSI, the population stability index, is Σ (p - q) ln(p / q) over the bins (Siddiqi 2006, Credit Risk Scorecards, p. 131).
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ml.dataset import Floats

BINS = 10
MOST_VALUES = 50  # of a text; the rest is one bin
LEAST_SHARE = 0.0005  # an empty bin counts as this much
WINDOW_DAYS = 182


@dataclass(frozen=True)
class Profile:
    """Of one feature: shares by bin (values of a text, or quantile edges of a number), and what a day usually differs by.

    `middle`: median of log10 of the absolute values other than 0. `usual_…`: the largest that one day of the window has against the others.
    """

    kind: str
    deals: int
    edges: list[float] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)
    values: list[str] = field(default_factory=list)
    middle: float | None = None
    missing: float = 0.0
    usual_psi: float = 0.0
    usual_missing: float = 0.0
    usual_new: float = 0.0
    usual_shift: float = 0.0
    days: int = 0

    def to_json(self) -> dict[str, Any]:
        """As kept in the table."""
        return asdict(self)


def profile_of(column: pd.Series, day: Floats, deals: int, *, is_text: bool) -> Profile:
    """The profile of a feature over the snapshots of a window; `day` is each snapshot's."""
    whole = _profile(column, deals, is_text)
    if len(column) == 0:
        return whole
    found = [
        _apart(_profile(column[day != one], deals, is_text), column[day == one])
        for one in np.unique(day)
        if (day != one).any()
    ]
    usual = [max(each) for each in zip(*found, strict=True)] if found else [0.0] * 4
    names = ("usual_psi", "usual_missing", "usual_new", "usual_shift")
    return replace(whole, **dict(zip(names, usual, strict=True)), days=len(np.unique(day)))


def _profile(column: pd.Series, deals: int, is_text: bool) -> Profile:
    known = column.dropna()
    missing = 1 - len(known) / len(column) if len(column) else 0.0
    if is_text:
        values = known.astype(str).value_counts(normalize=True).sort_index()
        kept = values[values.rank(method="first", ascending=False) <= MOST_VALUES]
        shares = {str(name): float(share) for name, share in kept.items()} | {"": float(values.sum() - kept.sum())}
        return Profile("text", deals, shares=shares, values=[str(name) for name in values.index], missing=missing)
    numbers = known.to_numpy(dtype=float)
    inner = np.unique(np.quantile(numbers, np.linspace(0, 1, BINS + 1)[1:-1])) if len(numbers) else np.empty(0)
    edges = [float(edge) for edge in inner]
    return Profile("number", deals, edges, _binned(numbers, edges), middle=_middle(numbers), missing=missing)


def _binned(numbers: Floats, edges: list[float]) -> dict[str, float]:
    """Shares of the bins (edge before, edge]."""
    tally = np.bincount(np.searchsorted(edges, numbers, side="left"), minlength=len(edges) + 1)
    return {str(place): float(share) for place, share in enumerate(tally / max(len(numbers), 1))}


def _middle(numbers: Floats) -> float | None:
    sizes = np.abs(numbers[numbers != 0])
    return float(np.median(np.log10(sizes))) if len(sizes) else None


def _apart(profile: Profile, column: pd.Series) -> tuple[float, float, float, float]:
    """How far a column lies from a profile: PSI, missing share, share of values never seen, size in powers of ten."""
    gone = abs(missing_of(column) - profile.missing)
    return psi(profile, column), gone, new_of(profile, column), abs(shift_of(profile, column))


def missing_of(column: pd.Series) -> float:
    """Share of rows without a value."""
    return float(column.isna().mean()) if len(column) else 0.0


def new_of(profile: Profile, column: pd.Series) -> float:
    """Share of a text's values that the profile never saw; 0 for numbers."""
    known = column.dropna()
    if profile.kind != "text" or not len(known):
        return 0.0
    return float((~known.astype(str).isin(profile.values)).mean())


def psi(profile: Profile, column: pd.Series) -> float:
    """Population stability index of a column's values against the profile; 0 where one of them has none."""
    known = column.dropna()
    if not len(known) or not any(profile.shares.values()):
        return 0.0
    if profile.kind == "text":
        tally = known.astype(str).where(known.astype(str).isin(list(profile.shares)), "").value_counts(normalize=True)
        now = {str(name): float(share) for name, share in tally.items()}
    else:
        now = _binned(known.to_numpy(dtype=float), profile.edges)
    bins = sorted({*profile.shares, *now})
    before = np.maximum([profile.shares.get(name, 0.0) for name in bins], LEAST_SHARE)
    after = np.maximum([now.get(name, 0.0) for name in bins], LEAST_SHARE)
    return float(((after - before) * np.log(after / before)).sum())


def shift_of(profile: Profile, column: pd.Series) -> float:
    """By how many powers of ten the usual size of a number moved; 0 where it cannot be told."""
    now = _middle(column.dropna().to_numpy(dtype=float)) if profile.kind == "number" else None
    return 0.0 if now is None or profile.middle is None else now - profile.middle
