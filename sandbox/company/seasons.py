"""The company's calendar: instants, working days, quarters, and how the year speeds deals up or halts them.

Days are proleptic ordinals (`date.toordinal`) in Asia/Shanghai, which is UTC+8 all year; instants are epoch milliseconds.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BURN_IN_DAYS = 500  # deals that are open when the window begins were born here
DAYS_BEYOND = 366  # the world is always lived to this day, so that what is revealed earlier never depends on how much is asked for
DAY_MS = 86_400_000
UTC_OFFSET_MS = 8 * 3_600_000
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
SPRING_FESTIVALS = [
    date(2018, 2, 16), date(2019, 2, 5), date(2020, 1, 25), date(2021, 2, 12), date(2022, 2, 1), date(2023, 1, 22),
    date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13),
    date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11),
]  # fmt: skip
FIXED_HOLIDAYS = {(1, 1), (4, 4), (4, 5), (5, 1), (5, 2), (5, 3), (5, 4), (5, 5)} | {(10, d) for d in range(1, 8)}
RUSH_WORKING_DAYS = 10


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a world: `origin` (first birth) < `start` (window of three years) ≤ `day` (today) < `end` (excluded)."""

    origin: int
    start: int
    day: int
    end: int

    @classmethod
    def up_to(cls, day: date) -> "Span":
        """The span whose window is the three years that end with `day`."""
        first = date(day.year - 3, day.month, min(day.day, 28) if day.month == 2 else day.day).toordinal() + 1
        return cls(first - BURN_IN_DAYS, first, day.toordinal(), day.toordinal() + DAYS_BEYOND + 1)

    @property
    def days(self) -> range:
        return range(self.origin, self.end)


def instant(ordinal: int, seconds: float = 0.0) -> int:
    """Epoch milliseconds of a local day and the seconds since its midnight."""
    return (ordinal - EPOCH_ORDINAL) * DAY_MS - UTC_OFFSET_MS + int(seconds * 1000)


def local_day(ms: int) -> int:
    """The local day (ordinal) of an instant."""
    return (ms + UTC_OFFSET_MS) // DAY_MS + EPOCH_ORDINAL


@cache
def festival_distance(ordinal: int) -> int:
    """Days since the nearest Spring Festival, negative before it."""
    return min((ordinal - day.toordinal() for day in SPRING_FESTIVALS), key=abs)


@cache
def is_working(ordinal: int) -> bool:
    """Whether offices work: Monday to Friday outside the holidays (make-up weekends are left out)."""
    day = date.fromordinal(ordinal)
    return (
        day.weekday() < 5 and (day.month, day.day) not in FIXED_HOLIDAYS and not -1 <= festival_distance(ordinal) <= 6
    )


@cache
def quarter_end(ordinal: int) -> int:
    """The last day of the quarter of a day."""
    day = date.fromordinal(ordinal)
    last_month = (day.month + 2) // 3 * 3
    return (date(day.year + 1, 1, 1) if last_month == 12 else date(day.year, last_month + 1, 1)).toordinal() - 1


@cache
def month_end(ordinal: int) -> int:
    """The last day of the month of a day."""
    day = date.fromordinal(ordinal)
    return date(day.year + day.month // 12, day.month % 12 + 1, 1).toordinal() - 1


def quarter_name(ordinal: int) -> str:
    """The period id of a day's quarter, such as 2026Q2."""
    day = date.fromordinal(ordinal)
    return f"{day.year}Q{(day.month + 2) // 3}"


def next_sunday(ordinal: int) -> int:
    """The first Sunday on or after a day."""
    return ordinal + (6 - date.fromordinal(ordinal).weekday()) % 7


@cache
def rush_days(last_day: int) -> frozenset[int]:
    """The last ten working days of the quarter that ends on a day."""
    working = [ordinal for ordinal in range(last_day - 25, last_day + 1) if is_working(ordinal)]
    return frozenset(working[-RUSH_WORKING_DAYS:])


def workload(span: Span) -> Floats:
    """How much is done on each day of the span: about 1 on average, near 0 on free days, a hole at Spring Festival."""
    load = np.empty(len(span.days))
    for index, ordinal in enumerate(span.days):
        away = festival_distance(ordinal)
        hole = 0.45 if -14 <= away < -1 or 6 < away <= 13 else 1.0
        free = 0.01 if -1 <= away <= 6 else 0.05
        load[index] = 1.45 * hole if is_working(ordinal) else free
    return load


def months(span: Span) -> Ints:
    """The month (0–11) of each day of the span."""
    return np.array([date.fromordinal(ordinal).month - 1 for ordinal in span.days])
