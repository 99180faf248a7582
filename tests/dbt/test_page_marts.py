"""Marts that the pages alone read, over the worked example: they say what other marts say of the same."""

from typing import Any

import pytest

from bi.book import book
from bi.bundle import query
from tests.dbt import worked
from tests.dbt.tenant import as_tenant
from tests.dbt.worked import LONG_NAME
from warehouse.connection import connect

pytestmark = pytest.mark.slow


def test_versions_share_the_errors_of_the_frozen_forecasts(marts) -> None:  # type: ignore[no-untyped-def]
    """All versions of a node together were off by what the node's forecasts of all horizons were."""
    versions = marts(
        "select node_id, sum(absolute_error_gross_amount), sum(forecasts_count) from {marts}.mart_version_accuracy group by 1 order by 1"
    )
    frozen = marts(
        "select a.node_id, sum(a.absolute_error_gross_amount), sum(a.forecasts_count) from {marts}.mart_forecast_accuracy as a"
        " join {marts}.mart_period_forecast as f on f.node_id = a.node_id and f.node_level = a.measured_level"
        " where a.period_id = 'all' group by 1 order by 1"
    )
    assert versions == frozen
    assert versions


def test_the_last_point_of_a_deals_history_is_its_chance_of_today(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts(
        "select d.p_win_by_period_end = h.p_win_by_period_end and d.p_win_ever = h.p_win_ever, h.is_last_friday"
        " from {marts}.mart_open_opportunities as d left join {marts}.mart_chance_history as h"
        " on h.opportunity_id = d.opportunity_id and h.day = d.as_of where d.p_win_ever is not null"
    )
    assert rows
    assert set(rows) == {(True, False)}


def test_a_name_of_13_kb_is_shown_by_its_first_500_characters(marts) -> None:  # type: ignore[no-untyped-def]
    assert marts("select opportunity_name from {marts}.mart_open_opportunities where opportunity_id = 'X1'") == [
        (LONG_NAME[:500],)
    ]


def covered(marts: Any, node: str, days: list[str], columns: str) -> dict[str, tuple[Any, ...]]:
    """Day → those columns of the node's curve."""
    rows = marts(
        f"select day::text, {columns} from {{marts}}.mart_coverage_curve where node_id = %s and day = any(%s::date[]) order by 1",
        node,
        days,
    )
    return {day: tuple(found) for day, *found in rows}


def test_coverage_of_a_past_day_is_what_stood_open_that_evening_over_the_target(marts) -> None:  # type: ignore[no-untyped-def]
    """Rep 1001, target 400,000, who has E17 today and so counts it on every day; E10 was won on 24 April, E19 came back on 8 May."""
    days = ["2026-04-10", "2026-05-10", "2026-05-15", "2026-05-16"]
    columns = (
        "open_gross_amount::text, won_gross_amount::text, coverage_gross_rate::float, coverage_remaining_rate::float"
    )
    assert covered(marts, "1001", days, columns) == {
        "2026-04-10": ("410000.00", "0.00", 1.025, 1.025),  # E02 80, E09 150, E10 95, E17 85
        "2026-05-10": ("365000.00", "100000.00", 0.9125, 1.216667),  # E02 80, E09 150, E17 85, E19 50
        "2026-05-15": ("425000.25", "100000.00", 1.062501, 1.416668),  # E09 at 180,000.25, and E20
        "2026-05-16": (None, None, None, None),
    }


def test_coverage_stands_beside_that_of_past_periods_at_the_same_share_of_working_days(marts) -> None:  # type: ignore[no-untyped-def]
    """Rep 1001 in mid-period: H1, H2, nothing, H7, and E01, E02, E08, E19 and E22, of targets of 100,000 four times and of 200,000."""
    columns = ", ".join(
        f"coverage_gross_rate_{name}::float"
        for name in ("last_period", "year_before", "past_low", "past_median", "past_high")
    )
    found = covered(marts, "1001", ["2026-05-15"], f"{columns}, past_periods_count")
    assert found["2026-05-15"] == (2.475, 2.0, 1.0, 1.0, 2.0, 5)


def test_at_the_end_of_a_period_that_met_its_target_nothing_is_left_to_cover(marts) -> None:  # type: ignore[no-untyped-def]
    """2025Q1 and 2025Q2 met theirs, so that three remaining coverages are left, of which no quartile is told. E08 and E22 were still open
    on 31 March, for 70,000 that 1001 lacked."""
    columns = ", ".join(
        f"coverage_{name}::float"
        for name in ("gross_rate_last_period", "remaining_rate_last_period", "gross_rate_past_median",
                     "remaining_rate_year_before", "remaining_rate_past_median")
    )  # fmt: skip
    assert covered(marts, "1001", ["2026-06-30"], columns) == {"2026-06-30": (1.225, 3.5, 0.0, None, None)}


def test_the_curve_is_at_the_day_of_past_periods_that_lies_as_today_does(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts(
        "select days.period_id, days.same_on = periods.same_day_on from intermediate.int_same_days as days"
        " join intermediate.int_review_periods as periods using (period_id)"
        " where days.day = '2026-05-15' and periods.same_day_on is not null"
    )
    assert len(rows) > 4
    assert {same for _, same in rows} == {True}
    stood = marts(
        "select curve.node_id, curve.coverage_gross_rate_last_period = round(past.same_day_open_gross_amount / past.target_gross_amount, 6)"
        " from {marts}.mart_coverage_curve as curve join {marts}.mart_metrics as past on past.node_id = curve.node_id"
        " and past.slice_kind = 'all' and past.period_id = '2026Q1' where curve.day = curve.as_of and past.target_gross_amount > 0"
    )
    assert len(stood) == 6
    assert {same for _, same in stood} == {True}


def swings(connection: Any, node: str) -> list[tuple[str, str, str]]:
    """What P1 shows of a node: its nodes below and E09 (name, of whom, change), largest first."""
    found = query(book(), book().datasets["swings"], "en") or ""
    found = found.replace("%", "%%").replace("published.", f"{worked.SCHEMA}.")
    rows = connection.execute(
        f"select swing_name, swing_of, expected_change::text from ({found}) as told"
        " where node_name = %s and (of_node = 1 or swing_id = 'E09') order by of_node desc, abs(expected_change) desc",
        (node,),
    ).fetchall()  # fmt: skip
    return list(rows)


def test_swings_of_nodes_and_deals_are_from_what_was_published_on_friday(marts) -> None:  # type: ignore[no-untyped-def]
    """The example has no Friday of its period: one is written into its marts, and taken back."""
    ((expected,),) = marts(
        "select expected_gross_amount from {marts}.mart_open_opportunities where opportunity_id = 'E09'"
    )
    with as_tenant(worked.TENANT), connect("transformer") as connection:
        assert swings(connection, "D10") == []
        for node, moved in (("D10", 0), ("D101", 1000), ("D102", -3000)):
            connection.execute(
                f"update {worked.SCHEMA}.mart_burn_up as b set said_mean_gross_amount = f.mean - %s"
                f" from {worked.SCHEMA}.mart_period_forecast as f where b.node_id = f.node_id and f.node_id = %s and b.day = '2026-05-08'",
                (moved, node),
            )
        connection.execute(
            f"insert into {worked.SCHEMA}.mart_chance_history (build_id, opportunity_id, p_win_by_period_end, is_last_friday, day, as_of)"
            f" values ('{worked.BUILD}', 'E09', 0, true, '2026-05-08', '2026-05-15')"
        )
        shown = swings(connection, "D10")
        connection.rollback()
    assert shown == [
        ("D102", "node below", "-3000.00"),
        ("D101", "node below", "1000.00"),
        ("deal", "1001", str(expected)),
    ]
