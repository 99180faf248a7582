"""A real funnel with its history: BPI Challenge 2012, daily snapshots of open cases, "won within 30 days?".

Each snapshot knows only events before the next midnight in Amsterdam. All counts come from binary searches in sorted (case, second) keys.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.cases import Cases, Floats, Ints, Mask, read, typed

ZONE = "Europe/Amsterdam"
EPOCH = pd.Timestamp("1970-01-01")
FIRST_DAY, LAST_DAY = pd.Timestamp("2011-10-02"), pd.Timestamp("2012-02-13")
TRAIN_UNTIL = pd.Timestamp("2011-12-16")  # 30-day labels of these snapshots are known by 2012-01-15
TEST_FROM = pd.Timestamp("2012-01-15")
HORIZON = 30
SPAN = 10**9  # seconds: more than the log covers
DAY = 86_400
BEFORE = 2  # days by which the count of seconds begins before FIRST_DAY, so that none is negative
WON = {"A_ACTIVATED", "A_APPROVED", "A_REGISTERED"}
LOST = {"A_DECLINED", "A_CANCELLED"}
WORK = ("Nabellen offertes", "Nabellen incomplete dossiers", "Completeren aanvraag", "Valideren aanvraag")


class Log:
    """Events as one sorted array of case × SPAN + second, asked for counts and for the last one before a moment."""

    def __init__(self, case: Ints, second: Ints, what: "pd.Series") -> None:
        key = case * SPAN + second
        order = np.argsort(key, kind="stable")
        self.key, self.what = key[order], what.to_numpy(object)[order]

    def only(self, names: set[str]) -> "Log":
        """The events of these names."""
        kept = np.isin(self.what.astype(str), sorted(names))
        made = Log.__new__(Log)
        made.key, made.what = self.key[kept], self.what[kept]
        return made

    def count(self, case: Ints, since: Ints, until: Ints) -> Floats:
        """Events of each case in [since, until)."""
        low = np.searchsorted(self.key, case * SPAN + np.maximum(since, 0))
        return (np.searchsorted(self.key, case * SPAN + until) - low).astype(float)

    def last(self, case: Ints, until: Ints) -> tuple[Floats, "np.ndarray[tuple[int], np.dtype[np.object_]]"]:
        """Second and name of the last event of each case before `until`; NaN and None where there was none."""
        place = np.searchsorted(self.key, case * SPAN + until) - 1
        there = (place >= 0) & (self.key[np.maximum(place, 0)] // SPAN == case)
        second = np.where(there, self.key[np.maximum(place, 0)] - case * SPAN, np.nan)
        named = self.what[np.maximum(place, 0)]
        named[~there] = None
        return second, named


def bpic2012(data: Path) -> Cases:
    """Loan applications at a Dutch bank: is an open application granted within 30 days?"""
    folder = data / "bpic2012"
    applications = read(folder / "applications.csv.gz")
    place = pd.Series(np.arange(len(applications)), index=applications["application_id"])
    born = _second(applications["registered_at"])
    status, work = (_log(read(folder / name), place) for name in ("status_changes.csv.gz", "work_items.csv.gz"))
    won_at, lost_at = _ends(status, len(applications))
    closed_at = np.fmin(won_at, lost_at)
    case, until = _open(born, closed_at)
    day = _day(until) - 1
    closed = np.where(np.isnan(closed_at), np.inf, _day(closed_at))[case]
    frame = _features(applications, born, status, work, case, until)
    texts = ("stage", "last_status", "last_work", "weekday")
    train_until, test_from = ((day_ - EPOCH).days for day_ in (TRAIN_UNTIL, TEST_FROM))
    return Cases(
        name="bpic2012",
        note="daily snapshots of open cases, trained to 2011-12-16, tested 2012-01-15..02-13",
        features=typed(frame, texts),
        texts=texts,
        case=case,
        day=day,
        closed=closed,
        is_won=(won_at <= np.where(np.isnan(lost_at), np.inf, lost_at))[case],
        train=day <= train_until,
        test=day >= test_from,
        horizon=HORIZON,
        stage="stage",
        days="days_in_stage",
    )


def deals(data: Path) -> tuple[Ints, Floats, Mask, Floats]:
    """Every application in the order of `Cases.case`: days of its registration and its end (infinite while open), won, amount asked for."""
    applications = read(data / "bpic2012" / "applications.csv.gz")
    place = pd.Series(np.arange(len(applications)), index=applications["application_id"])
    won_at, lost_at = _ends(_log(read(data / "bpic2012" / "status_changes.csv.gz"), place), len(applications))
    closed_at = np.fmin(won_at, lost_at)
    closed = np.where(np.isnan(closed_at), np.inf, _day(closed_at))
    is_won = won_at <= np.where(np.isnan(lost_at), np.inf, lost_at)
    return (
        _day(_second(applications["registered_at"])),
        closed,
        is_won,
        applications["amount_requested"].to_numpy(dtype=float),
    )


def _ends(status: Log, cases: int) -> tuple[Floats, Floats]:
    """Second of each case's first win and first loss; NaN where there was none."""
    every = np.arange(cases)
    return _first(status.only(WON), every), _first(status.only(LOST), every)


def _day(second: Any) -> Any:
    """The day in which a second lies, since 1970-01-01."""
    return second // DAY - BEFORE + (FIRST_DAY - EPOCH).days


def _second(text: "pd.Series") -> Ints:
    local = pd.to_datetime(text, utc=True, format="ISO8601").dt.tz_convert(ZONE).dt.tz_localize(None)
    return ((local - FIRST_DAY) / pd.Timedelta(seconds=1)).to_numpy().astype(np.int64) + BEFORE * DAY


def _log(events: pd.DataFrame, place: "pd.Series") -> Log:
    case = events["application_id"].map(place).to_numpy(dtype=np.int64)
    return Log(case, _second(events["occurred_at"]), events["activity"].str.removeprefix("W_"))


def _first(events: Log, every: Ints) -> Floats:
    found = np.searchsorted(events.key, every * SPAN)
    there = (found < len(events.key)) & (events.key[np.minimum(found, len(events.key) - 1)] // SPAN == every)
    return np.where(there, events.key[np.minimum(found, len(events.key) - 1)] - every * SPAN, np.nan)


def _open(born: Ints, closed_at: Floats) -> tuple[Ints, Ints]:
    """(case, midnight that ends the snapshot's day) of every open case on every day."""
    midnights = np.arange((LAST_DAY - FIRST_DAY).days + 1) * DAY + (BEFORE + 1) * DAY
    closed = np.where(np.isnan(closed_at), np.inf, closed_at)
    is_open = (born[:, None] < midnights) & (closed[:, None] >= midnights)
    case, column = np.nonzero(is_open)
    return case.astype(np.int64), midnights[column].astype(np.int64)


def _features(deals: pd.DataFrame, born: Ints, status: Log, work: Log, case: Ints, until: Ints) -> pd.DataFrame:
    application = status.only({name for name in set(status.what) if name.startswith("A_")})
    at, stage = application.last(case, until)
    any_at, last_status = status.last(case, until)
    work_at, last_work = work.last(case, until)
    never = np.zeros(len(case), dtype=np.int64)
    amount = deals["amount_requested"].to_numpy(dtype=float)[case]
    columns: dict[str, object] = {
        "stage": stage,
        "last_status": last_status,
        "last_work": last_work,
        "weekday": ((until // DAY) % 7).astype(str),
        "amount": np.where(amount > 0, amount, np.nan),
        "age_days": (until - born[case]) / DAY,
        "days_in_stage": (until - at) / DAY,
        "days_since_status": (until - any_at) / DAY,
        "days_since_work": (until - work_at) / DAY,
        "status_changes": status.count(case, never, until),
        "work_7d": work.count(case, until - 7 * DAY, until),
        "work_30d": work.count(case, until - 30 * DAY, until),
        "work_ever": work.count(case, never, until),
        "registered_hour": (born[case] % DAY) / 3600,
    }
    for name in ("O_CREATED", "O_SENT_BACK", "O_CANCELLED"):
        columns[f"{name.lower()}_count"] = status.only({name}).count(case, never, until)
    columns["days_since_sent_back"] = (until - status.only({"O_SENT_BACK"}).last(case, until)[0]) / DAY
    columns["days_since_offer"] = (until - status.only({"O_SENT"}).last(case, until)[0]) / DAY
    for name in WORK:
        columns[f"{name} 14d"] = work.only({name}).count(case, until - 14 * DAY, until)
        columns[f"{name} ever"] = work.only({name}).count(case, never, until)
    return pd.DataFrame(columns)
