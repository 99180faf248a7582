"""A real order book day by day: what was open at each midnight, for how much, what became of it, and what came in that was not yet known.

In: the files of a data folder. Out: `Book`: snapshots as `Cases` (whose question is "won within 30 days?") and every deal with the days of
its birth and its end and its amount in cents. Days are integers since 1970-01-01; a deal is open on a day when it is born by the midnight
that ends it and closed later.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench import funnel
from bench.cases import Cases, Floats, Ints, Mask, read, typed
from bench.flat import EPOCH, HOTEL_NUMBERS, HOTEL_TEXTS, arrivals

SPAN = 30
HOTEL_FROM, HOTEL_UNTIL = pd.Timestamp("2016-09-01"), pd.Timestamp("2017-08-01")
HOTEL_OPENS = pd.Timestamp("2015-07-01")  # the first arrival that the file tells of
HOTEL_GRID = 7  # days between two snapshots that are learned from


@dataclass(frozen=True)
class Book:
    """`days` are the snapshot days that forecasts are asked for; the arrays below have one entry per deal, in the order of `cases.case`."""

    cases: Cases
    days: Ints
    born: Ints
    closed: Floats
    is_won: Mask
    cents: Ints
    first_day: int

    def won(self, after: int, until: int) -> int:
        """Cents of deals won in (after, until]."""
        return int(self.cents[self.is_won & (self.closed > after) & (self.closed <= until)].sum())

    def ended(self, day: int) -> tuple[int, int]:
        """Number of (won, lost) deals whose end was known on `day`."""
        known = self.closed <= day
        return int((known & self.is_won).sum()), int((known & ~self.is_won).sum())

    def new(self, after: int, until: int) -> int:
        """The part of `won` that was not born on the day `after`."""
        return int(self.cents[self.is_won & (self.born > after) & (self.closed > after) & (self.closed <= until)].sum())


def bpic2012(data: Path) -> Book:
    """Loan applications: daily snapshots 2011-12-08 to 2012-02-13; amounts as asked for, 0 where none was given."""
    cases = funnel.bpic2012(data)
    born, closed, won, amount = funnel.deals(data)
    days = np.arange((pd.Timestamp("2011-12-08") - EPOCH).days, int(cases.day.max()) + 1)
    return Book(
        cases, days, born, closed, won, np.round(np.nan_to_num(amount) * 100).astype(np.int64), int(cases.day.min())
    )


def hotel(data: Path) -> Book:
    """Bookings of a resort hotel: room revenue (price × nights) of the arrivals of the next 30 days, daily from 2016-09 to 2017-07.

    A stay ends on its arrival, a cancelled booking on the day it was cancelled, a no-show on the arrival that did not come.
    """
    raw = read(data / "hotel_bookings" / "resort_hotel.csv.gz")
    arrival = ((arrivals(raw) - EPOCH).dt.days).to_numpy(dtype=np.int64)
    born = arrival - raw["LeadTime"].to_numpy(dtype=np.int64)
    ended = ((pd.to_datetime(raw["ReservationStatusDate"]) - EPOCH).dt.days).to_numpy(dtype=np.int64)
    won = raw["IsCanceled"].to_numpy() == 0
    closed = np.where(won, arrival, np.minimum(ended, arrival)).astype(float)
    nights = raw["StaysInWeekendNights"] + raw["StaysInWeekNights"]
    cents = (raw["ADR"].clip(lower=0) * nights * 100).round().to_numpy(dtype=np.int64)
    asked = np.arange((HOTEL_FROM - EPOCH).days, (HOTEL_UNTIL - EPOCH).days)
    opens = (HOTEL_OPENS - EPOCH).days
    snapshots = np.union1d(asked, np.arange(opens, asked[-1], HOTEL_GRID))
    case, place = np.nonzero((born[:, None] <= snapshots) & (closed[:, None] > snapshots))
    day = snapshots[place]
    frame = raw[[*HOTEL_TEXTS, *HOTEL_NUMBERS]].iloc[case].reset_index(drop=True)
    frame = frame.assign(
        amount=cents[case] / 100.0, age_days=(day - born[case]) * 1.0, days_to_close_date=(arrival[case] - day) * 1.0
    )
    cases = Cases(
        "hotel", "daily snapshots of open bookings", typed(frame, HOTEL_TEXTS), HOTEL_TEXTS, case.astype(np.int64), day, closed[case],
        won[case], (day - opens) % HOTEL_GRID == 0, np.isin(day, asked), SPAN, "MarketSegment", "days_to_close_date",
    )  # fmt: skip
    return Book(cases, asked, born, closed, won, cents, opens)
