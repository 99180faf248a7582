"""From a frame of features to a matrix of numbers, learned once and saved with the model.

A text becomes its place among the values seen in training; a value never seen becomes missing. For boosting, a place
becomes the log-odds of the shrunk share of won deals among closed training deals with that value; the training rows themselves get shares
from which their own tenth of the deals is left out, so that the booster does not trust what it could only have learned by heart. Nulls stay
null. A field that only starts in the middle of the training rows is left out until 180 days of them carry it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.dataset import Floats, Ints, Rows
from ml.features import HORIZON_PAST

MOST_VALUES = 200  # of a text: the rest, seen least, become missing
PRIOR_DEALS = 20.0
FOLDS = 10
LATE_AFTER_DAYS = 30
LATE_UNTIL_DAYS = 180
ALWAYS = ("horizon_past_period_end", "horizon_past_close_date")


@dataclass(frozen=True)
class Encoding:
    """`rates`: per text feature, value → log-odds of its win share. `used`: the features a model may read, in matrix order."""

    rates: dict[str, dict[str, float]]
    used: tuple[str, ...]
    left_out: dict[str, str]

    @property
    def horizon_columns(self) -> tuple[str, ...]:
        """What the horizon adds to the matrix: itself, and how far it goes past each day that a used feature tells.

        Two stand in every matrix, empty where nothing tells them: boosters draw from the columns, and a further empty one changes the draw.
        """
        told = (column for column, name in HORIZON_PAST.items() if column in ALWAYS or name in self.used)
        return ("horizon_days", *told)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the matrix columns with the horizon columns at the end."""
        return self.used + self.horizon_columns

    @property
    def width(self) -> int:
        """Columns of a prepared matrix: one a used feature, then the days off that the horizon is held against."""
        return len(self.columns) - 1

    def prepare(self, frame: pd.DataFrame) -> Floats:
        """(n, width) matrix of a frame: the used features, then the days off of `horizon_columns`."""
        places = {name: {value: place for place, value in enumerate(values)} for name, values in self.rates.items()}
        parts = [frame[name].map(places[name]) if name in places else frame[name] for name in self.used]
        absent = pd.Series(np.nan, frame.index)
        days_off = [HORIZON_PAST[column] for column in self.horizon_columns[1:]]
        parts += [frame[name] if name in self.used else absent for name in days_off]
        return (
            np.column_stack([part.to_numpy(dtype=float, na_value=np.nan) for part in parts])
            if len(frame)
            else np.empty((0, len(parts)))
        )

    def rated(self, prepared: Floats) -> Floats:
        """The prepared matrix with places of texts replaced by their rates."""
        rated = prepared.copy()
        for column, name in enumerate(self.used):
            if name in self.rates:
                rated[:, column] = _looked_up(np.array([*self.rates[name].values(), np.nan]), prepared[:, column])
        return rated

    def rated_for_training(self, rows: Rows, prepared: Floats, today: int) -> Floats:
        """`rated`, each row by the deals of the other folds; for fitting the booster only."""
        rated = prepared.copy()
        fold = rows.deal % FOLDS
        for column, name in enumerate(self.used):
            if name not in self.rates:
                continue
            tally, base = _tally(rows, name, today)
            for own in range(FOLDS):
                others = tally[tally["fold"] != own].groupby("value")["won"].agg(["sum", "count"])
                seen = others.reindex(list(self.rates[name]), fill_value=0)
                rates = _shrunk(seen["sum"].to_numpy(dtype=float), seen["count"].to_numpy(dtype=float), base)
                here = fold == own
                rated[here, column] = _looked_up(np.append(rates, np.nan), prepared[here, column])
        return rated

    def with_horizon(self, rated: Floats, horizon: Floats) -> Floats:
        """(n, columns) matrix: the rated rows with their horizon's columns."""
        body, days_off = np.split(rated, [len(self.used)], axis=1)
        return np.column_stack([body, horizon, horizon[:, None] - days_off])

    def to_json(self) -> dict[str, Any]:
        """As kept in the bundle; values and rates as lists, since their order counts."""
        rates = {name: [list(values), list(values.values())] for name, values in self.rates.items()}
        return {"rates": rates, "used": list(self.used), "left_out": self.left_out}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Encoding":
        """From the bundle."""
        rates = {name: dict(zip(*pair, strict=True)) for name, pair in kept["rates"].items()}
        return cls(rates, tuple(kept["used"]), kept["left_out"])


def learn_encoding(rows: Rows, today: int) -> Encoding:
    """Learn from training rows, outcomes as known on `today`."""
    names = list(rows.features.columns)
    left_out = {name: reason for name in names if (reason := _reason_to_leave_out(rows, name, today))}
    used = tuple(name for name in names if name not in left_out)
    return Encoding({name: _rates(rows, name, today) for name in rows.texts if name in used}, used, left_out)


def _reason_to_leave_out(rows: Rows, name: str, today: int) -> str:
    filled = rows.features[name].notna().to_numpy()
    if not filled.any():
        return "no training row carries it"
    first = int(rows.day[filled].min())
    if first > rows.day.min() + LATE_AFTER_DAYS and today - first < LATE_UNTIL_DAYS:
        return f"carried by training rows for {today - first} of {LATE_UNTIL_DAYS} days"
    return ""


def _tally(rows: Rows, name: str, today: int) -> tuple[pd.DataFrame, float]:
    """One row per value and closed deal that showed it: value, fold, won; and the win share of all."""
    closed = rows.known <= today
    deals = pd.DataFrame(
        {"value": rows.features[name].to_numpy(object)[closed], "deal": rows.deal[closed], "won": rows.is_won[closed]}
    )
    deals = deals.dropna().drop_duplicates(["value", "deal"]).assign(fold=lambda found: found["deal"] % FOLDS)
    return deals, float(deals["won"].mean()) if len(deals) else 0.0


def _rates(rows: Rows, name: str, today: int) -> dict[str, float]:
    deals, base = _tally(rows, name, today)
    tally = deals.groupby("value")["won"].agg(["sum", "count"]).sort_index()
    tally = tally[tally["count"].rank(method="first", ascending=False) <= MOST_VALUES]
    rates = _shrunk(tally["sum"].to_numpy(dtype=float), tally["count"].to_numpy(dtype=float), base)
    return {str(value): float(rate) for value, rate in zip(tally.index, rates, strict=True)}


def _shrunk(won: Floats, seen: Floats, base: float) -> Floats:
    """Log-odds of a share that is drawn towards the share of all."""
    share = np.clip((won + PRIOR_DEALS * base) / (seen + PRIOR_DEALS), 1e-4, 1 - 1e-4)
    return np.asarray(np.log(share) - np.log1p(-share))


def _looked_up(table: Floats, place: Floats) -> Floats:
    """`table` at `place`; its last entry where the place is missing."""
    at: Ints = np.where(np.isnan(place), len(table) - 1, np.nan_to_num(place)).astype(np.int64)
    return table[at]
