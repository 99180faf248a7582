"""From a frame of features to a matrix of numbers, learned once and saved with the model.

A text becomes the shrunk share of won deals among closed training deals with that value; a value never or rarely seen becomes missing.
Nulls stay null. A field that only starts in the middle of the training rows is left out until 180 days of them carry it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.dataset import Floats, Rows
from ml.features import HORIZON_COLUMNS, NAMES, TEXTS

RARE_DEALS = 5
PRIOR_DEALS = 20.0
LATE_AFTER_DAYS = 30
LATE_UNTIL_DAYS = 180


@dataclass(frozen=True)
class Encoding:
    """`rates`: per text feature, value → shrunk win share. `used`: the features a model may read, in matrix order."""

    rates: dict[str, dict[str, float]]
    used: tuple[str, ...]
    left_out: dict[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the matrix columns with the horizon columns at the end."""
        return self.used + HORIZON_COLUMNS

    def prepare(self, frame: pd.DataFrame) -> Floats:
        """(n, used) matrix of a frame with the contract's columns, then days to period end and to close date for the horizon columns."""
        parts = [frame[name].map(self.rates[name]) if name in self.rates else frame[name] for name in self.used]
        parts += [
            frame["days_to_period_end"],
            frame["days_to_close_date"] if "days_to_close_date" in self.used else pd.Series(np.nan, frame.index),
        ]
        return (
            np.column_stack([part.to_numpy(dtype=float, na_value=np.nan) for part in parts])
            if len(frame)
            else np.empty((0, len(parts)))
        )

    def with_horizon(self, prepared: Floats, horizon: Floats) -> Floats:
        """(n, columns) matrix: the prepared rows with their horizon's columns."""
        body, to_end, to_close = prepared[:, :-2], prepared[:, -2], prepared[:, -1]
        return np.column_stack([body, horizon, horizon - to_end, horizon - to_close])

    def to_json(self) -> dict[str, Any]:
        """As kept in the bundle."""
        return {"rates": self.rates, "used": list(self.used), "left_out": self.left_out}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Encoding":
        """From the bundle."""
        return cls(kept["rates"], tuple(kept["used"]), kept["left_out"])


def learn_encoding(rows: Rows, today: int) -> Encoding:
    """Learn from training rows, outcomes as known on `today`."""
    left_out = {name: reason for name in NAMES if (reason := _reason_to_leave_out(rows, name, today))}
    used = tuple(name for name in NAMES if name not in left_out)
    return Encoding({name: _win_shares(rows, name, today) for name in TEXTS if name in used}, used, left_out)


def _reason_to_leave_out(rows: Rows, name: str, today: int) -> str:
    filled = rows.features[name].notna().to_numpy()
    if not filled.any():
        return "no training row carries it"
    first = int(rows.day[filled].min())
    if first > rows.day.min() + LATE_AFTER_DAYS and today - first < LATE_UNTIL_DAYS:
        return f"carried by training rows for {today - first} of {LATE_UNTIL_DAYS} days"
    return ""


def _win_shares(rows: Rows, name: str, today: int) -> dict[str, float]:
    closed = rows.known <= today
    deals = pd.DataFrame(
        {"value": rows.features[name].to_numpy(object)[closed], "deal": rows.deal[closed], "won": rows.is_won[closed]}
    )
    deals = deals.dropna().drop_duplicates(["value", "deal"])
    base = float(deals["won"].mean()) if len(deals) else 0.0
    tally = deals.groupby("value")["won"].agg(["sum", "count"]).sort_index()
    tally = tally[tally["count"] >= RARE_DEALS]
    shares = (tally["sum"] + PRIOR_DEALS * base) / (tally["count"] + PRIOR_DEALS)
    return {str(value): float(share) for value, share in shares.items()}
