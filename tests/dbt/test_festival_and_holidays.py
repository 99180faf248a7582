"""A quarter is compared with last year's as far from its Spring Festival; a year without announced holidays is missed in December."""

from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SCHEMA = "build_20270301_aaaaaaaaaaaa"
FRESH = "int_days_as_of dim_date mart_alerts"


@pytest.fixture(scope="module")
def told(land, deal, ms, build, query):  # type: ignore[no-untyped-def]
    """Pace of 1 March 2027, two deals having been won in early 2026; and asked(day): the years whose holidays are missed."""
    for deal_id, day, amount in (("BEFORE", "2026-01-11", "100.00"), ("WITHIN", "2026-03-12", "250.50")):
        for stage, changed in (("eq_nego", "2025-12-01 10:00"), ("won", f"{day} 10:00")):
            record = deal(stage, "2025-12-01 10:00", amount=amount, stg_changed_time=ms(changed))
            land("fxiaoke__opportunities", deal_id, changed, record)
    made = {"build_id": SCHEMA.removeprefix("build_"), "build_schema": SCHEMA}
    build("+mart_period_pace +mart_alerts", "2027-03-01", **made)
    pace = query(
        f"select comparison, from_on::text, to_on::text, won_gross_amount, won_count from {SCHEMA}.mart_period_pace"
        " where comparison in ('current', 'last_year_spring_festival') order by 1"
    )

    def asked(day: str) -> list[Any]:
        build(FRESH, day, **made)
        return [row[0] for row in query(f"select subject_id from {SCHEMA}.mart_alerts where rule = 'holidays_missing'")]

    return pace, asked


def test_the_festival_row_spans_the_days_as_far_from_last_years_festival(told: Any) -> None:
    """1 January to 1 March 2027 is 36 days before to 23 after 6 February; in 2026 the festival was on 17 February."""
    assert told[0] == [
        ("current", "2027-01-01", "2027-03-01", Decimal("0.00"), 0),
        ("last_year_spring_festival", "2026-01-12", "2026-03-12", Decimal("250.50"), 1),
    ]


def test_holidays_of_next_year_are_missed_from_1_december_on(told: Any) -> None:
    """Those of 2027 were never told in this tenant."""
    assert told[1]("2026-11-30") == []
    assert told[1]("2026-12-01") == ["2027"]
