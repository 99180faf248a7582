"""What is forecast of the next 30 days' total on every snapshot day, with an 80 % range: ours by the product's own code, and its peers.

In: `Book`, the chances of its open deals. Out: contender → (days, 3) low, middle and high in cents. Ours is `ml.forecast.forecast_rows` on
one node, as the night calls it, its ranges scaled by its own past errors as they were known on the day. Peers add to their sum the mean of
new business over the windows of the last 60 days that are over; their range is that of their own errors (actual ÷ forecast) over the last
90 days of forecasts that are over, and, until there are fifteen, that of independent deals.
"""

import numpy as np
import pandas as pd

from bench import ours
from bench.books import SPAN, Book
from bench.cases import Floats, Ints
from ml.draws import in_common
from ml.errors import Told, range_scale
from ml.forecast import forecast_rows

NEW_DAYS, ERROR_DAYS, ENOUGH_ERRORS = 60, 90, 15
NORMAL_80 = 1.2816
PEERS = ("stage rate", "stage x time rate", "logistic regression", "LightGBM")
OURS = ours.NAME
RUN_RATE, WEIGHTED = "run rate", "weighted pipeline"
LOW, HIGH = 0.1, 0.9
SEED = 20240101
MOST_WINDOWS = 26  # as many rolling windows as the warehouse makes


def actuals(book: Book) -> Floats:
    """(days,) cents that were won in the 30 days after each snapshot day."""
    return np.array([book.won(day, day + SPAN) for day in book.days], dtype=float)


def totals(book: Book, chances: dict[str, Floats]) -> dict[str, Floats]:
    """Contender → (days, 3) P10, point and P90 in cents."""
    asked = np.isin(book.cases.day, book.days)
    day, cents = book.cases.day[asked], book.cents[book.cases.case[asked]].astype(float)
    sums = {name: _by_day(book, day, p * cents) for name, p in chances.items()}
    spread = {name: np.sqrt(_by_day(book, day, p * (1 - p) * cents**2)) for name, p in chances.items()}
    new, new_spread = _new(book)
    points = {RUN_RATE: np.array([book.won(d - SPAN, d) for d in book.days], dtype=float), WEIGHTED: sums["ever"]}
    alone = {RUN_RATE: new_spread, WEIGHTED: spread["ever"]}
    for name in PEERS:
        points[f"{name} + new"], alone[f"{name} + new"] = sums[name] + new, np.hypot(spread[name], new_spread)
    found = {name: _ranged(book, point, alone[name]) for name, point in points.items()}
    found[OURS] = _rolled(book, [(cents[day == d], chances[OURS][day == d]) for d in book.days])
    return found


def _rolled(book: Book, deals: list[tuple[Floats, Floats]]) -> Floats:
    """Day by day, each with the scale that the errors of windows that were over by then teach; windows asked daily overlap."""
    truth = actuals(book)
    told: list[Told] = []
    rows = []
    for place, day in enumerate(book.days):
        scale = range_scale(told[: int((book.days + SPAN <= day).sum())])
        low, mean, middle, high = _ours(book, int(day), *deals[place], scale)
        rows.append((low, mean, high))
        told.append(Told(low, middle, high, float(truth[place]), scale, 1 / SPAN))
    return np.array(rows)


def _by_day(book: Book, day: Ints, what: Floats) -> Floats:
    return np.bincount(day - book.days[0], weights=what, minlength=len(book.days)).astype(float)


def _new(book: Book) -> tuple[Floats, Floats]:
    """Mean and deviation of the known windows' new business, on each day."""
    mean, deviation = [], []
    for day in book.days:
        since = max(int(day) - SPAN - NEW_DAYS, book.first_day)
        known = [book.new(cut, cut + SPAN) for cut in range(since, int(day) - SPAN + 1)]
        mean.append(float(np.mean(known)))
        deviation.append(float(np.std(known)))
    return np.array(mean), np.array(deviation)


def _ranged(book: Book, point: Floats, alone: Floats) -> Floats:
    truth = actuals(book)
    rows = []
    for place, day in enumerate(book.days):
        over = (book.days + SPAN <= day) & (book.days + SPAN > day - ERROR_DAYS)
        errors = truth[over] / np.maximum(point[over], 1.0)
        if len(errors) >= ENOUGH_ERRORS:
            low, high = point[place] * np.quantile(errors, [LOW, HIGH])
        else:
            low, high = point[place] - NORMAL_80 * alone[place], point[place] + NORMAL_80 * alone[place]
        rows.append((low, point[place], high))
    return np.array(rows)


def new_business(book: Book) -> Floats:
    """(days,) cents of `actuals` that came from deals not born on the snapshot day."""
    return np.array([book.new(day, day + SPAN) for day in book.days], dtype=float)


def new_alone(book: Book) -> Floats:
    """(days, 3) as in `totals`, ours, as if nothing were open: what the range owes to new business. Not a number without two windows."""
    nothing = (np.zeros(0), np.zeros(0))
    return np.array(
        [_ours(book, int(day), *nothing) if day - 2 * SPAN >= book.first_day else (np.nan,) * 4 for day in book.days]
    )[:, [0, 1, 3]]


def _ours(book: Book, day: int, cents: Floats, p: Floats, scale: float = 1.0) -> tuple[float, float, float, float]:
    """P10, mean, P50 and P90 of the product's forecast of one node: what is won so far is 0, since the 30 days begin after the day."""
    windows = [("company", None, "current", "now", "now", 0.0, np.nan)]
    for n in reversed(range(MOST_WINDOWS)):
        cut = day - (n + 1) * SPAN
        if cut >= book.first_day:
            windows.append(
                (
                    "company",
                    None,
                    "rolling",
                    f"rolling:{cut + SPAN}",
                    f"{cut}",
                    np.nan,
                    float(book.new(cut, cut + SPAN)),
                )
            )
    frame = pd.DataFrame(
        windows, columns=["node_id", "parent_node_id", "window_kind", "window_id", "period_id", "won", "new"]
    )
    deals = pd.DataFrame(
        {"opportunity_id": np.arange(len(p)).astype(str), "node_id": "company", "p": p, "cents": cents}
    )
    ((*_, mean, low, middle, high, reason, _scale),) = forecast_rows(
        frame, deals, "bench", SEED, {0: scale}, in_common(book.ended(day))
    )
    if reason:
        raise ValueError(f"day {day}: {reason}")
    return float(low) * 100, float(mean) * 100, float(middle) * 100, float(high) * 100
