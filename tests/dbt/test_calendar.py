"""Periods come from one calendar: four kinds of it, by dated rules, and a change leaves every period that has begun as it was."""

from datetime import date
from typing import Any

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

RULES = [
    # first day, kind and its values, decided before
    ("1970-01-01", '{"calendar_kind": "calendar_year"}', "-infinity"),
    ("2027-01-01", '{"calendar_kind": "closing_day", "closing_day": 25, "id_prefix": "K"}', "2026-05-01 00:00+08"),
    ("2030-01-01", '{"calendar_kind": "fiscal_year", "first_month": 4, "id_prefix": "FY"}', "2026-05-01 00:00+08"),
    ("2040-01-01", '{"calendar_kind": "weeks_4_4_5", "id_prefix": "W"}', "2026-05-01 00:00+08"),
]
PERIOD = """
    select starts_on::text, ends_on::text from intermediate.int_period_versions
    where period_id = %s and valid_from <= %s::timestamptz and %s::timestamptz < valid_to
"""
BEFORE, AFTER = "2026-04-01", "2026-06-01"


@pytest.fixture(scope="module")
def periods(build: Any, query: Any) -> Any:
    """periods(id, known): first and last day of a period by what was known on a day, after three rules were decided at once."""
    with connect("loader") as connection:
        for first, value, decided in RULES[1:]:
            connection.execute(
                "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason)"
                " values ('calendar', %s, %s::jsonb, '2026-05-01', %s, 'test', 'test')",
                (first, value, decided),
            )
    build("+int_period_versions", "2026-06-30")

    def asked(period: str, known: str) -> tuple[str, str] | None:
        found = query(PERIOD, period, known, known)
        return found[0] if found else None

    return asked


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2026Q2", "2026-04-01", "2026-06-30"),
        ("2026M12", "2026-12-01", "2026-12-31"),
        ("2026", "2026-01-01", "2026-12-31"),
        # the first period of a new calendar is the shorter: the days before it have their period
        ("K2027M01", "2027-01-01", "2027-01-25"),
        ("K2027M02", "2027-01-26", "2027-02-25"),
        ("K2027Q1", "2027-01-01", "2027-03-25"),
        ("K2028", "2027-12-26", "2028-12-25"),
        ("FY2030", "2030-04-01", "2031-03-31"),
        ("FY2030Q4", "2031-01-01", "2031-03-31"),
        ("FY2030M12", "2031-03-01", "2031-03-31"),
        # 2041 begins on Monday 31 December 2040
        ("W2041M01", "2040-12-31", "2041-01-27"),
        ("W2041M03", "2041-02-25", "2041-03-31"),
        ("W2041Q2", "2041-04-01", "2041-06-30"),
        ("W2041", "2040-12-31", "2041-12-29"),
        # a year of 53 weeks: its last month has six
        ("W2043M12", "2043-11-23", "2044-01-03"),
    ],
)
def test_a_period_has_the_days_of_its_calendar(periods: Any, period: str, first: str, last: str) -> None:
    assert periods(period, AFTER) == (first, last)


def test_before_the_decision_next_year_was_still_a_calendar_year(periods: Any) -> None:
    assert periods("2027Q1", BEFORE) == ("2027-01-01", "2027-03-31")
    assert periods("2027Q1", AFTER) is None


def test_a_period_that_lies_before_the_change_keeps_its_days(periods: Any, query: Any) -> None:
    assert periods("2026Q4", BEFORE) == periods("2026Q4", AFTER) == ("2026-10-01", "2026-12-31")


def test_periods_of_a_kind_follow_each_other_day_by_day(periods: Any, query: Any) -> None:
    gaps = query(
        "select * from (select period_id, starts_on - lag(ends_on) over (partition by period_kind, valid_from order by starts_on) as step"
        " from intermediate.int_period_versions) as s where step <> 1"
    )
    assert gaps == []


def test_every_day_lies_in_one_month_quarter_and_year(periods: Any, query: Any) -> None:
    days = (date(2059, 12, 31) - date(2000, 1, 1)).days + 1
    assert query("select count(*), count(distinct (day, valid_from)) from intermediate.int_calendar_day_versions") == [
        (2 * days, 2 * days)
    ]


def test_holidays_and_made_up_weekends_count_and_a_year_without_them_says_so(marts: Any) -> None:
    kinds = "select day::text, day_kind, is_working_day from {marts}.dim_date where day = any(%s::date[]) order by 1"
    days = ["2026-02-14", "2026-02-17", "2026-05-09", "2026-05-13", "2026-05-16"]
    assert marts(kinds, days) == [
        ("2026-02-14", "make_up", True),
        ("2026-02-17", "holiday", False),
        ("2026-05-09", "make_up", True),
        ("2026-05-13", "working", True),
        ("2026-05-16", "weekend", False),
    ]
    shown = (
        "select period_id, working_days_count, elapsed_working_days_count, is_announced from {marts}.dim_period"
        " where period_id = any(%s)"
    )
    # 64, 65 and 64 weekdays; on 15 May 30 of the 61 working days of the quarter had passed
    assert sorted(marts(shown, ["2026Q1", "2026Q2", "2027Q1"])) == [
        ("2026Q1", 59, 59, True), ("2026Q2", 61, 30, True), ("2027Q1", 64, 0, False),
    ]  # fmt: skip


def test_days_lie_to_the_spring_festival_as_last_year_did(marts: Any) -> None:
    near = "select days_to_spring_festival, spring_festival_day_before::text from {marts}.dim_date where day = %s"
    assert marts(near, "2026-02-17") == [(0, "2025-01-29")]
    assert marts(near, "2026-03-01") == [(12, "2025-02-10")]


def test_the_default_calendar_is_that_of_the_year(periods: Any, query: Any) -> None:
    wrong = query(
        "select count(*) from intermediate.int_calendar_day_versions where valid_from < '2026-01-01' and (quarter_id, quarter_starts_on,"
        " quarter_ends_on) is distinct from (extract(year from day) || 'Q' || extract(quarter from day),"
        " date_trunc('quarter', day)::date, (date_trunc('quarter', day) + interval '3 months' - interval '1 day')::date)"
    )
    assert wrong == [(0,)]


def test_pace_compares_the_quarter_with_the_one_before_at_the_same_share_of_its_working_days(marts: Any) -> None:
    spans = (
        "select comparison, from_on::text, to_on::text, working_days_count from {marts}.mart_period_pace"
        " where node_id = 'D10' and comparison in ('current', 'previous_period', 'last_year_spring_festival') order by 1"
    )
    # 30 of 61 working days are 29 of the 59 of the quarter before; no festival lies in this one
    assert marts(spans) == [
        ("current", "2026-04-01", "2026-05-15", 30),
        ("previous_period", "2026-01-01", "2026-02-11", 29),
    ]
    won = "select won_gross_amount, won_count from {marts}.mart_period_pace where node_id = 'D10' and comparison = 'current'"
    shown = (
        "select won_gross_amount, won_count from {marts}.mart_metrics"
        " where node_id = 'D10' and period_id = '2026Q2' and slice_kind = 'all'"
    )
    assert marts(won) == marts(shown)
