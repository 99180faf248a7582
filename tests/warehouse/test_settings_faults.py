"""A workbook with faults is refused as a whole, and every fault is named with its place, what is there and what to do."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.warehouse.books import Fill, Row, decided, rows_of
from tests.warehouse.nights import Nights
from warehouse.settings import apply, propose
from warehouse.steps import StepError


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("stage", ("S2",), {"set_rate": 1.2})],
         "sheet stage, row 4, column set_rate: holds a number that is not a decimal between 0 and 1: correct it"),
        ([("stage", ("S2",), {"set_rate": "30 %"})], "column set_rate: holds a text that is not a decimal between 0 and 1"),
        ([("stage", ("S2",), {"set_rate": "=1/3"})], "column set_rate: holds a formula: paste its value"),
        ([("stage", ("S2",), {"stage_order": 1})], "column stage_order: holds the order of another stage"),
        ([("stage_map", ("fxiaoke", "equipment", "eq_new"), {"stage_code": "S9"})],
         "column stage_code: holds a code that sheet stage does not know: add it there or correct it"),
        ([("interaction_kind", ("fxiaoke", "9"), {"channel": "smoke"})], "holds a text that is no choice: fill in one of call, visit"),
        ([("target", ("C", "2026Q2"), {"gross_amount": -1})], "column gross_amount: holds a number that is not an amount of at least 0"),
        ([("target", ("C", "2026Q2"), {"gross_amount": 1.005})], "with at most two decimals: correct it"),
        ([("target", ("Z", "2026Q2"), {"gross_amount": 1})], "column node_id: holds a code that the organisation does not know"),
        ([("target", ("C", "soon"), {"gross_amount": 1})], "column period_id: is no period: write 2026, 2026Q2"),
        ([("target", ("C", "2026Q2"), {"gross_amount": 10}), ("target", ("N", "2026Q2"), {"gross_amount": 9.99})],
         "of node C in 2026Q2 is not the sum of its children (off by 0.01): correct the parent or a child"),
        ([("budget", ("N", "2026"), {"net_amount": 1}), ("budget", ("N1", "2026"), {"net_amount": 2})], "of node N in 2026 is not the sum"),
        ([("org_node", ("N",), {"parent_node_id": "N1", "node_level": "region", "name": "North"})], "closes a loop"),
        ([("product_line", ("P1",), {"name_zh": "泵", "name_en": "Pumps", "parent_product_line": "P9"})],
         "holds a code that sheet product_line does not know"),
        ([("calendar", ("2027-01-01",), {"calendar_kind": "closing_day", "id_prefix": "K"})],
         "column closing_day: is empty: fill in the last day of a month, as 25"),
        ([("calendar", ("2027-01-01",), {"calendar_kind": "closing_day", "closing_day": 31, "id_prefix": "K"})],
         "column closing_day: is not between 1 and 27"),
        ([("calendar", ("2027-04-01",), {"calendar_kind": "fiscal_year", "closing_day": 25, "id_prefix": "FY"})],
         "column closing_day: means nothing for fiscal_year: empty it"),
        ([("calendar", ("2027-04-01",), {"calendar_kind": "fiscal_year", "first_month": 13, "id_prefix": "FY"})],
         "column first_month: is no month of fiscal_year"),
        ([("calendar", ("2027-01-01",), {"calendar_kind": "closing_day", "closing_day": 25})],
         "column id_prefix: is that of the calendar from 1970-01-01, so that one id would mean two periods"),
        ([("calendar", ("2026-12-26",), {"calendar_kind": "closing_day", "closing_day": 25, "id_prefix": "K"})],
         "column starts_on: cuts period 2026Q4 (2026-10-01 to 2026-12-31): begin on the first day of a quarter"),
        ([("calendar", ("2026-04-01",), {"calendar_kind": "closing_day", "closing_day": 25, "id_prefix": "K"})],
         "column starts_on: changes periods that have begun: begin on the first day of a later quarter"),
        ([("calendar", (datetime(1970, 1, 1),), {"calendar_kind": "weeks_4_4_5"})],  # noqa: DTZ001 - a cell
         "column starts_on: changes periods that have begun: begin on the first day of a later quarter"),
        ([("target", ("C", "K2027Q1"), {"gross_amount": 1})], "column period_id: is no period"),
        ([("working_day", ("31 February",), {"day_kind": "holiday"})], "column day: holds a text that is no day"),
        ([("fx_rate", ("dollar",), {"rate": 7})], "column currency: holds a code that is no currency"),
        ([("fx_rate", ("USD",), {"rate": 0})], "column rate: holds a number that is not a number above 0"),
        ([("alert_rule", ("silence",), {"is_enabled": None})], "column is_enabled: is empty: fill in one of the listed choices"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_refused_with_its_place_and_what_to_do(
    tenant: Nights, fill: Fill, rows: list[Row], said: str
) -> None:
    before = rows_of(tenant)
    with pytest.raises(StepError, match=re.escape(said)):
        apply(fill(*rows), decided(), bool)
    assert rows_of(tenant) == before


def test_all_faults_of_a_file_are_listed_at_once_and_none_quotes_a_value(fill: Fill) -> None:
    path = fill(
        ("stage", ("S1",), {"set_rate": 77777}),
        ("stage", ("S2",), {"outcome": "perhaps-so"}),
        ("fx_rate", ("USD",), {"rate": "cheap-money"}),
        ("target", ("C", "2026Q2"), {"gross_amount": -88888}),
    )
    with pytest.raises(StepError) as refused:
        propose(path, decided())
    lines = str(refused.value).splitlines()
    assert len(lines) == 5
    assert lines[-1].startswith("4 faults, nothing was changed: correct ")
    assert not any(value in str(refused.value) for value in ("77777", "perhaps-so", "cheap-money", "88888"))


def test_a_repeated_key_names_both_rows(fill: Fill) -> None:
    path = fill()
    book = load_workbook(path)
    book["fx_rate"].append(["USD", 8])
    book.save(path)
    with pytest.raises(
        StepError, match=r"sheet fx_rate, row \d+, column currency: repeats the key of row \d: keep one"
    ):
        propose(path, decided())


def test_what_is_no_workbook_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "settings.xlsx"
    path.write_text("stage_code,set_rate\n", "utf-8")
    with pytest.raises(StepError, match="cannot be read as an Excel workbook"):
        propose(path, decided())


def test_missing_columns_and_foreign_sheets_are_named(fill: Fill) -> None:
    path = fill()
    book = load_workbook(path)
    book["fx_rate"]["B1"].value = "kurs"
    book.create_sheet("notes")
    book.save(path)
    with pytest.raises(
        StepError, match=r"sheet notes: is no kind of setting(.|\n)*sheet fx_rate: column rate is missing"
    ):
        propose(path, decided())
