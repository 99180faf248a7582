"""Training rows: what was known of open deals on past days, joined to what became of them, as known on the training day.

In: `features.opportunity_features` and `features.opportunity_outcome_versions`. Out: `Rows` (one per deal and grid day), which
`ml/pairs.py` asks by horizon. Days are integers since 1970-01-01.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.settings import settings
from ml.targets import WIN, Target
from warehouse.clock import cutoff
from warehouse.frames import read_frame

EPOCH = date(1970, 1, 1)
GRID_START = "1970-01-05"  # a Monday, so that a weekly grid falls on Mondays
NEVER = np.inf
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """Snapshots of deals; all arrays have one entry per row. `closed` and `known` are infinite for deals still open.

    `texts` are the columns of `features` that hold texts; all others are numbers.
    """

    features: pd.DataFrame
    deal: Ints
    day: Ints
    closed: Floats
    known: Floats
    is_won: Mask
    age: Floats
    texts: tuple[str, ...] = WIN.texts
    target: Target = WIN

    def __len__(self) -> int:
        return len(self.day)

    def take(self, chosen: Mask | Ints) -> "Rows":
        """The chosen rows (mask or positions)."""
        places = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        return Rows(
            self.features.iloc[places],
            self.deal[places],
            self.day[places],
            self.closed[places],
            self.known[places],
            self.is_won[places],
            self.age[places],
            self.texts,
            self.target,
        )

    @property
    def window(self) -> tuple[date, date] | tuple[None, None]:
        """The days of the first and the last row; none where there is no row."""
        if not len(self):
            return None, None
        return EPOCH + timedelta(int(self.day.min())), EPOCH + timedelta(int(self.day.max()))

    @property
    def born(self) -> Floats:
        """Day on which the row's record was created."""
        return self.day - self.age

    def due(self, horizon: float) -> Floats:
        """Days from each row to the answer that is asked for: what is left until the target's age, or `horizon`."""
        within = self.target.within_days
        return within - self.age if within else np.full(len(self), float(horizon))

    def closed_deals(self, today: int) -> tuple[int, int]:
        """Number of (won, lost) deals among the rows whose outcome is known on `today`."""
        seen = self.known <= today
        return len(np.unique(self.deal[seen & self.is_won])), len(np.unique(self.deal[seen & ~self.is_won]))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def feature_columns(alias: str, target: Target = WIN) -> str:
    """SELECT list of the contract's columns, numbers as double precision (yes/no as 0 and 1)."""
    casts = {"text": "{}", "number": "{}::float8", "boolean": "{}::int::float8"}
    return ", ".join(f"{casts[target.by_name[name].kind].format(f'{alias}.{name}')} as {name}" for name in target.names)


def read_rows(as_of: date) -> Rows:
    """All grid snapshots up to `as_of` of deals that were not entered after the fact, outcomes as known on `as_of`.

    What was told of a deal later, that it was opened again or deleted or closed otherwise, is not in them, whenever they are read.
    """
    query = f"""
        with snapshots as (
            select distinct on (opportunity_id, as_of_date) * from features.opportunity_features
            where as_of_date <= %s and (as_of_date - date '{GRID_START}') %% %s = 0
            order by opportunity_id, as_of_date, revision desc
        )
        select s.opportunity_id, (s.as_of_date - date '1970-01-01')::int as day, {feature_columns("s")},
            (o.closed_on - date '1970-01-01')::float8 as closed, (o.outcome_known_on - date '1970-01-01')::float8 as known,
            o.outcome = 'won' as is_won
        from snapshots as s
        join features.opportunity_outcome_versions as o using (opportunity_id)
        where o.valid_from <= %s and %s < o.valid_to and not o.is_backfilled
        order by s.opportunity_id, s.as_of_date
    """  # noqa: S608 - the only inserts are the contract's own column names
    at = cutoff(as_of)
    return rows_from(read_frame("ml", query, (as_of, settings().snapshot_every_days, at, at)))


def rows_from(frame: pd.DataFrame, target: Target = WIN) -> Rows:
    """Turn a frame with the record's id, day, the contract's columns, closed, known and is_won into `Rows`.

    Rows whose outcome lies on or before their own day (it became known late) are left out: there is nothing to predict in them.
    """
    closed = frame["closed"].to_numpy(dtype=float, na_value=NEVER)
    day = frame["day"].to_numpy(dtype=np.int64)
    frame, day, closed = frame[closed > day], day[closed > day], closed[closed > day]
    deal, _ = pd.factorize(frame[target.key])
    return Rows(
        frame[list(target.names)].reset_index(drop=True),
        deal.astype(np.int64),
        day,
        closed,
        frame["known"].to_numpy(dtype=float, na_value=NEVER),
        frame["is_won"].to_numpy(dtype=bool),
        frame["age_days"].to_numpy(dtype=float, na_value=np.nan),
        target.texts,
        target,
    )


def ever_horizon(rows: Rows, today: int) -> int:
    """Days within which 99 % of known wins closed, counted from creation; 365 where fewer than 20 wins are known."""
    won = rows.is_won & (rows.known <= today)
    _, first = np.unique(rows.deal[won], return_index=True)
    cycle = (rows.closed - rows.day + rows.age)[won][first]
    cycle = cycle[np.isfinite(cycle)]
    return int(np.ceil(np.quantile(cycle, 0.99))) if len(cycle) >= 20 else 365
