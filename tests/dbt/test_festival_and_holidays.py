"""A quarter is compared with last year's, also as far from its Spring Festival, and says where the change comes from; a year without
announced holidays is missed in December."""

from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SCHEMA = "build_20270301_aaaaaaaaaaaa"
FRESH = "int_days_as_of dim_date mart_alerts"


# deal: day of its win, amount, owner; N and S are regions with a team of one each
WINS = {
    "BEFORE": ("2026-01-11", "100.00", "1001"), "WITHIN": ("2026-03-12", "250.50", "1001"),
    "N-26": ("2026-02-02", "900.00", "1001"), "S-26": ("2026-02-03", "1000.00", "1002"),
    "N-27": ("2027-02-01", "700.00", "1001"), "S-27": ("2027-02-02", "1100.00", "1002"),
}  # fmt: skip


@pytest.fixture(scope="module")
def told(land, deal, ms, build, query):  # type: ignore[no-untyped-def]
    """Pace and contributions of 1 March 2027, the north having won 30 % less than a year before; asked(day): years without holidays."""
    for node, kind, parent in (("D0", "company", None), ("N", "region", "D0"), ("S", "region", "D0")):
        record = {"name": node, "dept_kind__c": kind, "parent_id": [parent] if parent else []}
        land("fxiaoke__departments", node, "2025-01-01", record)
    for rep, region in (("1001", "N"), ("1002", "S")):
        person = {"user_id": rep, "full_name": rep, "main_department": [region], "status": "0"}
        land("fxiaoke__people", f"P{rep}", "2025-01-01", person)
    for deal_id, (day, amount, owner) in WINS.items():
        for stage, changed in (("eq_nego", "2025-12-01 10:00"), ("won", f"{day} 10:00")):
            record = deal(stage, "2025-12-01 10:00", amount=amount, stg_changed_time=ms(changed), owner=[owner])
            land("fxiaoke__opportunities", deal_id, changed, record)
    made = {"build_id": SCHEMA.removeprefix("build_"), "build_schema": SCHEMA}
    build("+mart_contribution +mart_alerts", "2027-03-01", **made)
    pace = query(
        f"select comparison, from_on::text, to_on::text, won_gross_amount, won_count from {SCHEMA}.mart_period_pace"
        " where comparison in ('current', 'last_year_spring_festival') and node_id = 'D0' order by 1"
    )
    changes = query(
        "select node_id, change_gross_amount, change_rate::float, contribution_rate::float, decline_place, growth_place"
        f" from {SCHEMA}.mart_contribution where comparison = 'last_year' and node_level in ('company', 'region') order by 5, 1"
    )

    def asked(day: str) -> list[Any]:
        build(FRESH, day, **made)
        return [row[0] for row in query(f"select subject_id from {SCHEMA}.mart_alerts where rule = 'holidays_missing'")]

    return pace, changes, asked


def test_the_festival_row_spans_the_days_as_far_from_last_years_festival(told: Any) -> None:
    """1 January to 1 March 2027 is 36 days before to 23 after 6 February; in 2026 the festival was on 17 February."""
    assert told[0] == [
        ("current", "2027-01-01", "2027-03-01", Decimal("1800.00"), 2),
        ("last_year_spring_festival", "2026-01-12", "2026-03-12", Decimal("2150.50"), 3),
    ]


def test_the_region_that_lost_most_stands_first_with_what_it_adds_to_the_change(told: Any) -> None:
    """At the same share of working days 2026 had won 1,000 in either region: the north lost 300, the south gained 100."""
    assert told[1] == [
        ("D0", Decimal("-200.00"), -0.1, 1.0, 1, 1),
        ("N", Decimal("-300.00"), -0.3, 1.5, 1, 2),
        ("S", Decimal("100.00"), 0.1, -0.5, 2, 1),
    ]


def test_holidays_of_next_year_are_missed_from_1_december_on(told: Any) -> None:
    """Those of 2027 were never told in this tenant."""
    assert told[2]("2026-11-30") == []
    assert told[2]("2026-12-01") == ["2027"]
