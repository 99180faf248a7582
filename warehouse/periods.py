"""The tenant's periods as the newest night knows them: the warehouse's one calendar, read where Python needs it.

Out: months, quarters and years with first and last day. dbt computes them (`int_calendar_day_versions`); nothing here does.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from warehouse.frames import fetch_all

_THERE = "select to_regclass('intermediate.int_period_versions') is not null"
_PERIODS = """
    select period_id, period_kind, starts_on, ends_on from intermediate.int_period_versions
    where valid_from = (select max(valid_from) from intermediate.int_period_versions) order by period_kind, starts_on
"""


@dataclass(frozen=True, slots=True)
class Period:
    """One period, both days included."""

    period_id: str
    kind: Literal["month", "quarter", "year"]
    starts_on: date
    ends_on: date


def known_periods(role: str) -> tuple[Period, ...]:
    """All periods, read as `role`; none before the first night."""
    if not fetch_all(role, _THERE)[0][0]:
        return ()
    return tuple(Period(*row) for row in fetch_all(role, _PERIODS))


def quarter_of(periods: tuple[Period, ...], day: date) -> Period | None:
    """The quarter that `day` lies in; None before the first night."""
    found = (period for period in periods if period.kind == "quarter" and period.starts_on <= day <= period.ends_on)
    return next(found, None)
