"""The settings door: what holds goes out to a workbook, what a person fills in comes back as new rows, and every past day stays."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.warehouse.books import DAY, Fill, decided, rows_of, yes
from tests.warehouse.nights import Nights
from warehouse import setting_rows
from warehouse.connection import connect
from warehouse.settings import apply, undo
from warehouse.steps import StepError


def seen(kind: str, key: str, day: date, valid_on: date | None = None) -> dict[str, Any] | None:
    """What the night of `day` sees: decided before its cutoff."""
    with connect("loader") as connection:
        return setting_rows.holding(connection, valid_on or day, day - timedelta(days=1)).get((kind, key))


def test_an_unchanged_workbook_changes_nothing(tenant: Nights, fill: Fill) -> None:
    before = rows_of(tenant)
    path = fill()
    assert apply(path, decided(), yes) == "nothing to do: the workbook says what holds already"
    assert rows_of(tenant) == before


def test_the_workbook_holds_the_six_default_stages_with_both_names(fill: Fill) -> None:
    sheet = load_workbook(fill())["stage"]
    assert sheet["A1"].value == "阶段代码 · stage_code"
    found = {row[0]: (row[1], float(row[4])) for row in sheet.iter_rows(min_row=2, values_only=True) if row[0]}
    assert found == {
        "S1": ("线索挖掘", 0.1), "S2": ("需求确认", 0.3), "S3": ("方案报价", 0.5),
        "S4": ("谈判签约", 0.8), "WON": ("赢单", 1.0), "LOST": ("输单", 0.0),
    }  # fmt: skip


def test_a_new_rate_is_a_new_row_that_earlier_days_do_not_see(tenant: Nights, fill: Fill) -> None:
    before = tenant.fetch("auditor", "select * from ops.settings order by setting_id")
    path = fill(("stage", ("S3",), {"set_rate": 0.35}))
    told: list[str] = []

    def agree(lines: list[str]) -> bool:
        told.extend(lines)
        return True

    said = apply(path, decided(date(2026, 4, 1), path=path), agree)
    assert re.fullmatch(r"change \d+: 1 settings hold from 2026-04-01, seen by days after 2026-05-20", said)
    assert told[0] == "stage S3: set_rate 0.50 → 0.35"
    after = tenant.fetch("auditor", "select * from ops.settings order by setting_id")
    assert after[: len(before)] == before
    assert tenant.fetch("auditor", "select decided_by, reason, value ->> 'set_rate' from ops.settings where key = 'S3'")[0] == (
        "lin", "agreed in the review", "0.35",
    )  # fmt: skip
    assert (seen("stage", "S3", DAY) or {})["set_rate"] == "0.50"
    assert (seen("stage", "S3", DAY + timedelta(days=1)) or {})["set_rate"] == "0.35"
    assert (seen("stage", "S3", DAY + timedelta(days=1), date(2026, 3, 31)) or {})["set_rate"] == "0.50"


def test_undo_restores_the_former_value_by_a_row_of_its_own_and_once(tenant: Nights, fill: Fill) -> None:
    path = fill(("fx_rate", ("USD",), {"rate": 7.25}), ("fx_rate", ("GBP",), {"rate": "9.1"}))
    apply(path, decided(path=path), yes)
    before = rows_of(tenant)
    said = undo(None, decided(path=path), yes)
    assert "is undone" in said
    assert rows_of(tenant) == before + 2
    tomorrow = DAY + timedelta(days=1)
    assert seen("fx_rate", "USD", tomorrow) == {"rate": "7.10"}
    assert seen("fx_rate", "GBP", tomorrow) is None
    with pytest.raises(StepError, match="no standing change came from this file"):
        undo(None, decided(path=path), yes)
    with pytest.raises(StepError, match=r"was undone by change \d+: nothing to do"):
        undo(int(said.split()[3]), decided(), yes)


def test_a_change_that_a_later_one_stands_on_is_not_undone_under_it(fill: Fill) -> None:
    first = fill(("fx_rate", ("EUR",), {"rate": 7.9}))
    apply(first, decided(path=first), yes)
    second = fill(("fx_rate", ("EUR",), {"rate": 8.0}))
    apply(second, decided(path=second), yes)
    with pytest.raises(StepError, match=r"change \d+ stands on change \d+: undo \d+ first"):
        undo(None, decided(path=first), yes)


def test_no_means_no_and_the_difference_is_told_before_the_question(tenant: Nights, fill: Fill) -> None:
    before, told = rows_of(tenant), list[str]()
    path = fill(("target", ("C", "2026Q2"), {"gross_amount": 1000}))

    def no(lines: list[str]) -> bool:
        told.extend(lines)
        return False

    assert apply(path, decided(), no) == "nothing was changed"
    assert told == ["target C|2026Q2: gross_amount – → 1000.00 (new)", "in 2026Q2: target of C none → 1000.00"]
    assert rows_of(tenant) == before


def test_targets_that_add_up_to_the_cent_are_kept_as_exact_text(tenant: Nights, fill: Fill) -> None:
    path = fill(
        ("target", ("C", "2026Q3"), {"gross_amount": "100000000000000.30"}),
        ("target", ("N", "2026Q3"), {"gross_amount": "100000000000000.10"}),
        ("target", ("S", "2026Q3"), {"gross_amount": 0.2}),
    )
    apply(path, decided(), yes)
    assert tenant.fetch("auditor", "select value ->> 'gross_amount' from ops.settings where key = 'C|2026Q3'") == [
        ("100000000000000.30",)
    ]
    assert apply(fill(as_of=DAY), decided(), yes).startswith("nothing to do")


def test_a_ledger_that_owes_its_customers_comes_back_as_it_went_out(tenant: Nights, fill: Fill) -> None:
    apply(fill(("ledger_balance", ("2026-03-31", "*"), {"gross_amount": -28891.15})), decided(), yes)
    assert seen("ledger_balance", "2026-03-31|*", DAY + timedelta(days=1)) == {"gross_amount": "-28891.15"}
    assert apply(fill(as_of=DAY), decided(), yes).startswith("nothing to do")


def test_a_calendar_of_next_year_is_kept_and_its_targets_with_it(tenant: Nights, fill: Fill) -> None:
    rule = {"calendar_kind": "closing_day", "closing_day": 25, "id_prefix": "K"}
    path = fill(("calendar", ("2027-01-01",), rule), ("target", ("C", "K2027Q1"), {"gross_amount": 5}))
    apply(path, decided(), yes)
    assert tenant.fetch("auditor", "select value from ops.settings where kind = 'calendar'") == [(rule,)]
    assert seen("calendar", "2027-01-01", DAY) is None
    assert seen("calendar", "2027-01-01", DAY + timedelta(days=1)) == rule


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x")', "+1", "-2+3", "@SUM(A1)", "\tx", "＝1+1", "'quoted", "'; DROP TABLE--", "😀"]
)
def test_a_name_that_looks_like_a_formula_stays_a_text_and_comes_back_as_it_was(
    tenant: Nights, tmp_path: Path, name: str
) -> None:
    from warehouse import setting_book

    held = {("product_line", "P1"): {"name_zh": name, "name_en": "n"}}
    path = tmp_path / "names.xlsx"
    setting_book.export(path, held, [])
    cell = load_workbook(path)["product_line"]["B2"]
    assert cell.data_type == "s"
    assert not str(cell.value).startswith(("=", "+", "-", "@", "\t", "＝"))
    asked, _, faults = setting_book.load(path)
    assert (asked, faults) == (held, [])


def test_codes_are_offered_as_lists_and_existing_keys_are_locked(fill: Fill) -> None:
    book = load_workbook(fill())
    offered = {str(rule.sqref): rule.formula1 for rule in book["stage_map"].data_validations.dataValidation}
    assert any(ranged.startswith("D2:") and formula.startswith("lists!") for ranged, formula in offered.items())
    assert book["stage"]["A2"].protection.locked
    assert not book["stage"]["E2"].protection.locked


def test_the_loader_cannot_change_a_row_that_was_decided(tenant: Nights) -> None:
    import psycopg

    for statement in ("update ops.settings set reason = 'x'", "delete from ops.setting_changes"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            tenant.execute("loader", statement)
