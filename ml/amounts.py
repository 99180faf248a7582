"""What an open deal will be worth if it is won, given its amount today: ratios by kind of deal, drawn towards 1, used only where they help.

In: snapshots of deals that were won, with the amount they showed and the amount they were signed for, as known on the day. Out: `Amounts`:
one ratio per sales process, stage and size, each shrunk to the coarser one and at last to "as it is". A rolling backtest decides: quarter
by quarter, learned on what was known before it, the ratios must be nearer in money than the amounts as they are; else all ratios are 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from config.settings import settings
from ml.dataset import GRID_START, Floats, day_number
from warehouse.clock import cutoff
from warehouse.frames import read_frame

PRIOR_DEALS = 30.0  # deals' worth of belief in the coarser ratio
SMALLEST, LARGEST = 0.2, 5.0  # of one deal: beyond, an amount was mistyped rather than moved
SIZES = (1 / 3, 2 / 3)  # quantiles of the open amounts where sizes begin
FOLD_DAYS, FOLDS = 91, 4
FEWEST_DEALS = 40  # won in all folds together
GAIN = 0.01  # of the error of "as it is": less is chance
KEYS = ("sales_process", "stage_code")


@dataclass(frozen=True)
class Amounts:
    """`ratios`: process|stage|size → factor, coarser keys with fewer parts, "" for all. `errors`: Σ|forecast − signed| ÷ Σ signed of the
    backtest, by `moved` and `as_is`. Empty ratios leave every amount as it is."""

    ratios: dict[str, float] = field(default_factory=dict)
    edges: list[float] = field(default_factory=list)
    errors: dict[str, float] = field(default_factory=dict)
    deals: int = 0
    reason: str = "no deal was won yet"

    def ratio(self, deals: pd.DataFrame) -> Floats:
        """(n,) factor of each row of the contract's columns; 1 where nothing was learned."""
        if not self.ratios:
            return np.ones(len(deals))
        size = np.searchsorted(self.edges, deals["open_gross_amount"].to_numpy(dtype=float, na_value=0.0))
        keys = [_keys(*row) for row in zip(*(deals[name] for name in KEYS), size, strict=True)]
        return np.array([next(self.ratios[key] for key in fine if key in self.ratios) for fine in keys], dtype=float)

    def final(self, deals: pd.DataFrame) -> list[Decimal | None]:
        """The expected final amount of each row, to the cent; None without an open amount."""
        cents = np.round(deals["open_gross_amount"].to_numpy(dtype=float, na_value=np.nan) * 100)
        moved = np.round(cents * self.ratio(deals))
        return [None if np.isnan(each) else Decimal(int(each)).scaleb(-2) for each in moved]

    @property
    def said(self) -> str:
        """One line for people: whether amounts are moved, and the figures that decided it."""
        figures = "".join(f"; off by {self.errors[name]:.1%} {name.replace('_', ' ')}" for name in self.errors)
        return f"expected final amounts: {'moved' if self.ratios else 'as they are'} ({self.reason}{figures})"


def _keys(process: object, stage: object, size: object) -> tuple[str, ...]:
    """From the finest to the coarsest."""
    return f"{process}|{stage}|{size}", f"{process}|{stage}", f"{process}", ""


def read_won(as_of: date) -> pd.DataFrame:
    """Grid snapshots of deals that `as_of` knew as won, not entered after the fact: kind, both amounts, the day that told the outcome."""
    at = cutoff(as_of)
    return read_frame(
        "ml",
        f"""
        with snapshots as (
            select distinct on (opportunity_id, as_of_date) opportunity_id, as_of_date, sales_process, stage_code, open_gross_amount
            from features.opportunity_features where as_of_date <= %s and (as_of_date - date '{GRID_START}') %% %s = 0
            order by opportunity_id, as_of_date, revision desc
        )
        select s.opportunity_id, s.sales_process, s.stage_code, s.open_gross_amount::float8, o.won_gross_amount::float8,
            (o.outcome_known_on - date '1970-01-01')::int as known
        from snapshots as s join features.opportunity_outcome_versions as o using (opportunity_id)
        where o.valid_from <= %s and %s < o.valid_to and o.outcome = 'won' and not o.is_backfilled
            and s.open_gross_amount > 0 and o.won_gross_amount > 0
        order by s.opportunity_id, s.as_of_date""",  # noqa: S608 - the only insert is our own constant
        (as_of, settings().snapshot_every_days, at, at),
    )


def learn(won: pd.DataFrame, as_of: date) -> Amounts:
    """The ratios as the backtest allows them, from rows shaped as `read_won` returns them."""
    today = day_number(as_of)
    deals = won["opportunity_id"].nunique()
    judged = [_judged(won, today - (n + 1) * FOLD_DAYS, today - n * FOLD_DAYS) for n in range(FOLDS)]
    held = [fold for fold in judged if fold is not None]
    tested = sum(int(fold[0]) for fold in held)
    if tested < FEWEST_DEALS:
        return Amounts(deals=deals, reason=f"{tested} held-out wins, {FEWEST_DEALS} needed")
    signed, as_is, moved = (float(sum(fold[n] for fold in held)) for n in (1, 2, 3))
    errors = {"as_is": as_is / signed, "moved": moved / signed}
    better = sum(1 for fold in held if fold[3] < fold[2])
    told = f"nearer in {better} of {len(held)} quarters"
    if moved > (1 - GAIN) * as_is or 2 * better <= len(held):
        return Amounts(errors=errors, deals=deals, reason=told)
    ratios, edges = _fit(won)
    return Amounts(ratios, edges, errors, deals, told)


def _judged(won: pd.DataFrame, start: int, end: int) -> tuple[float, float, float, float] | None:
    """Wins told in (start, end]: how many, what they were signed for, and how far as-is and moved amounts were off, per deal on average."""
    older, newer = won[won["known"] <= start], won[(won["known"] > start) & (won["known"] <= end)]
    if older.empty or newer.empty:
        return None
    ratios, edges = _fit(older)
    amount, signed = newer["open_gross_amount"].to_numpy(float), newer["won_gross_amount"].to_numpy(float)
    weight = _weights(newer)
    moved = amount * Amounts(ratios, edges).ratio(newer)
    return (
        float(newer["opportunity_id"].nunique()),
        float(weight @ signed),
        float(weight @ np.abs(amount - signed)),
        float(weight @ np.abs(moved - signed)),
    )


def _weights(won: pd.DataFrame) -> Floats:
    """A deal counts once, however many days it was seen on."""
    return 1 / won.groupby("opportunity_id")["opportunity_id"].transform("size").to_numpy(dtype=float)


def _fit(won: pd.DataFrame) -> tuple[dict[str, float], list[float]]:
    """Ratios of sums, signed to shown, each drawn towards the coarser one by PRIOR_DEALS deals of middling size."""
    amount = won["open_gross_amount"].to_numpy(dtype=float)
    signed = np.clip(won["won_gross_amount"].to_numpy(dtype=float), SMALLEST * amount, LARGEST * amount)
    edges = [float(edge) for edge in np.quantile(amount, SIZES)]
    weight = _weights(won)
    keys = [_keys(*row) for row in zip(*(won[name] for name in KEYS), np.searchsorted(edges, amount), strict=True)]
    ratios = {"": _shrunk(np.arange(len(won)), amount, signed, weight, 1.0)}
    for level in (2, 1, 0):
        named = pd.Series([each[level] for each in keys])
        for key, rows in named.groupby(named).indices.items():
            coarser = _coarser(keys[rows[0]][level + 1 :], ratios)
            ratios[str(key)] = _shrunk(np.asarray(rows), amount, signed, weight, coarser)
    return ratios, edges


def _coarser(keys: Sequence[str], ratios: dict[str, float]) -> float:
    return next(ratios[key] for key in keys if key in ratios)


def _shrunk(
    rows: "np.typing.NDArray[np.intp]", amount: Floats, signed: Floats, weight: Floats, towards: float
) -> float:
    w = weight[rows]
    middling = PRIOR_DEALS * float(w @ amount[rows]) / float(w.sum())
    return (float(w @ signed[rows]) + middling * towards) / (float(w @ amount[rows]) + middling)
