"""Every metric of the worked example equals the cells of docs/worked-example.xlsx: amounts to the cent, ratios to six digits.

The workbook computes them with live formulas of its own from its sheet of events; nothing of ours made it.
"""

from typing import Any

import pytest

from tests.dbt.workbook import Workbook
from tests.dbt.worked import BOOK

pytestmark = pytest.mark.slow

NODES = ("1001", "1002", "1003", "D101", "D102", "D10")
# What the workbook has on its way to a figure, and is no figure of ours.
HELPERS = {
    "largest_open",
    "from_new",
    "speed_won",
    "speed_won_amount",
    "speed_lost",
    "speed_cycles",
    "speed_cycle_days",
}
HELPERS |= {"yield_won", "yield_open"}


@pytest.fixture(scope="module")
def book() -> Workbook:
    """The workbook with its formulas worked out."""
    return Workbook(BOOK)


def same(shown: Any, figure: str) -> Any:
    """A cell as the mart should have it: blank is null, money to the cent."""
    if shown in (None, ""):
        return None
    return pytest.approx(shown, abs=0.005 if "amount" in figure else 1e-6)


@pytest.mark.parametrize("period", ["2026Q1", "2026Q2"])
def test_every_metric_equals_its_cell(marts, book: Workbook, period: str) -> None:  # type: ignore[no-untyped-def]
    table = book.table(period)
    figures = [figure for figure in table if figure not in HELPERS]
    rows = marts(
        f"select node_id, {', '.join(f'{figure}::float' for figure in figures)} from {{marts}}.mart_metrics"
        " where slice_kind = 'all' and period_id = %s and node_id = any(%s) order by array_position(%s, node_id)",
        period,
        list(NODES),
        list(NODES),
    )
    assert [row[0] for row in rows] == list(NODES)
    for node, *values in rows:
        found = dict(zip(figures, values, strict=True))
        # medians are worked out for the region alone
        expected = {
            figure: same(table[figure][node], figure)
            for figure in figures
            if node == "D10" or "cycle_days" not in figure
        }
        assert {figure: found[figure] for figure in expected} == expected, node


def test_the_workbook_leaves_no_metric_out(marts, book: Workbook) -> None:  # type: ignore[no-untyped-def]
    columns = marts(
        "select column_name from information_schema.columns where table_name = 'mart_metrics' and data_type in ('numeric', 'integer')"
    )
    told = set(book.table("2026Q2"))
    # rates that are measured from too few deals are worked out below
    assert {name for (name,) in columns} - told == {"weighted_realised_gross_amount", "unrated_open_count"}


def test_realised_rates_weigh_the_pipeline_where_every_stage_has_one(marts, book: Workbook) -> None:  # type: ignore[no-untyped-def]
    rate = book.table("stages")["realised_in_period_rate"]["S3"]
    rows = marts(
        "select node_id, weighted_realised_gross_amount::float, unrated_open_count from {marts}.mart_metrics"
        " where slice_kind = 'all' and period_id = '2026Q2' and node_id in ('1001', '1002') order by 1"
    )
    # 1002 has E13 alone, at S3; 1001 has E20 at S1, where no earlier deal was ever seen on the same day
    assert rows == [("1001", None, 1), ("1002", pytest.approx(220000 * rate, abs=0.005), 0)]


def test_rates_of_stages_with_their_intervals_equal_their_cells(marts, book: Workbook) -> None:  # type: ignore[no-untyped-def]
    table = book.table("stages")
    figures = [figure for figure in table if figure != "mature_after_days"]
    rows = marts(
        f"select stage_code, {', '.join(f'{figure}::float' for figure in figures)} from {{marts}}.mart_stage_conversion"
        " where node_id = 'D10' and slice_kind = 'all' and stage_code <> 'S1' order by 1"
    )
    assert {stage: dict(zip(figures, values, strict=True)) for stage, *values in rows} == {
        stage: {figure: same(table[figure][stage], figure) for figure in figures} for stage in ("S2", "S3", "S4")
    }


def test_the_waterfall_equals_its_cells_and_balances_at_every_node(marts, book: Workbook) -> None:  # type: ignore[no-untyped-def]
    table = book.table("waterfall")
    rows = marts(
        "select component, node_id, gross_amount::float from {marts}.mart_pipeline_movement"
        " where span_kind = 'period' and node_id = any(%s)",
        list(NODES),
    )
    found = {(component, node): amount for component, node, amount in rows}
    expected = {
        (component, node): same(amount, "amount")
        for component, line in table.items()
        for node, amount in line.items()
        if component != "residual"
    }
    assert found == expected
    assert set(table["residual"].values()) == {0}


def test_accuracy_at_every_horizon_equals_its_cells(marts, book: Workbook) -> None:  # type: ignore[no-untyped-def]
    table = book.table("accuracy")
    figures = [figure for figure in table if figure not in ("error", "width", "naive_error", "pinball")]
    rows = marts(
        f"select horizon, {', '.join(f'{figure}::float' for figure in figures)} from {{marts}}.mart_forecast_accuracy"
        " where node_id = 'D10' and measured_level = 'rep' and period_id = '2026Q1'"
    )
    assert {horizon: dict(zip(figures, values, strict=True)) for horizon, *values in rows} == {
        horizon: {figure: same(table[figure][horizon], figure) for figure in figures}
        for horizon in table["forecasts_count"]
    }


def test_a_horizon_is_a_share_of_the_quarters_working_days(marts) -> None:  # type: ignore[no-untyped-def]
    """Of 59 working days two, four, eight and twelve thirteenths, rounded up, are the 10th, 19th, 37th and 55th."""
    rows = marts(
        "select horizon, frozen_on::text from {marts}.mart_forecast_accuracy"
        " where node_id = 'D10' and measured_level = 'rep' and period_id = '2026Q1'"
    )
    assert dict(rows) == {
        "day_1": "2026-01-01", "week_2": "2026-01-15", "week_4": "2026-01-28", "week_8": "2026-02-28", "last_week": "2026-03-25",
    }  # fmt: skip


def test_errors_of_reps_do_not_net_and_one_closed_period_is_all_periods(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts(
        "select node_id, period_id, forecasts_count, accuracy_rate::float from {marts}.mart_forecast_accuracy"
        " where horizon = 'week_8' and measured_level = 'rep' and node_id in ('D102', 'D10') order by 1, 2"
    )
    # D10 was 8,000.50 short in all, its reps were 51,999.50 off
    week_8 = pytest.approx(1 - 51999.5 / 370000.5, abs=1e-6)
    alone = pytest.approx(1 - 30000 / 180000, abs=1e-6)
    assert rows == [
        ("D10", "2026Q1", 3, week_8),
        ("D10", "all", 3, week_8),
        ("D102", "2026Q1", 1, alone),
        ("D102", "all", 1, alone),
    ]
