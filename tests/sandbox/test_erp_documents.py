"""What follows in the ERP from won deals: order, delivery, invoice, money; sums that must agree, and nothing before its time."""

from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from sandbox.erp.book import Book, documents
from sandbox.erp.forms import FORMS
from sandbox.erp.lines import Line, Row
from sandbox.erp.sales import Deal, customer_of
from sandbox.life import advance, found
from sandbox.store import Store, database
from tests.sandbox.served import ms

FOREVER = ms("2099-01-01T00:00")


def deal(number: int) -> Deal:
    """A deal of ¥123,456.78 × (1 + number), every seventh in dollars, lines in turn."""
    line = ("eq_press", "sw_mes", "pt_service", "eq_robot")[number % 4]
    gross = 12_345_678 * (1 + number % 9)
    return Deal(
        f"d{number}", number, ms("2026-01-05T10:00"), "CUST1", "华东机电有限公司", line, "HT-1", "1007", "李娜", gross, number % 7 == 0
    )  # fmt: skip


DEALS = [deal(number) for number in range(400)]


@pytest.fixture(scope="module")
def written() -> dict[str, dict[str, list[Row]]]:
    """Form → deal → its rows when all has happened."""
    shown: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for each in DEALS:
        for line in documents(each, "1"):
            version = line.at(FOREVER)
            assert version is not None
            shown[line.form][each.id].append(version[1])
    return shown


def cents(rows: list[Row], name: str) -> int:
    return sum(round(row[name] * 100) for row in rows)


def test_order_deliveries_and_invoices_carry_the_signed_amount(written: dict[str, dict[str, list[Row]]]) -> None:
    for each in DEALS:
        assert cents(written["SAL_SaleOrder"][each.id], "FAllAmount") == each.gross
        invoices = [row for row in written["AR_receivable"][each.id] if row["FALLAMOUNTFOR_D"] > 0]
        assert cents(invoices, "FALLAMOUNTFOR_D") == each.gross
        assert sum(row["FRealQty"] for row in written["SAL_OUTSTOCK"][each.id]) == sum(
            row["FQty"] for row in written["SAL_SaleOrder"][each.id]
        )


def test_both_sides_of_every_match_agree_and_nothing_is_settled_twice(
    written: dict[str, dict[str, list[Row]]],
) -> None:
    for each in DEALS:
        owed: dict[str, int] = defaultdict(int)
        for form, name, sign in (
            ("AR_receivable", "FALLAMOUNTFOR_D", 1), ("AR_RECEIVEBILL", "FRECAMOUNTFOR_E", 1), ("AR_REFUNDBILL", "FREFUNDAMOUNTFOR_E", -1),
        ):  # fmt: skip
            for row in written[form][each.id]:
                owed[row["FBillNo"]] += sign * round(row[name] * 100)
        sides: dict[int, int] = defaultdict(int)
        settled: dict[str, int] = defaultdict(int)
        for row in written["AR_Match"][each.id]:
            amount = round(row["FCURWRITTENOFFAMOUNTFOR"] * 100)
            settled[row["FSRCBILLNO"]] += amount
            sides[row["FID"]] += amount if row["FSOURCEFROMID"] == "AR_receivable" else -amount
        assert set(sides.values()) <= {0}
        assert all(abs(settled[number]) <= abs(owed[number]) for number in settled)
        assert all(settled[number] * owed[number] >= 0 for number in settled)


def test_every_way_of_the_money_occurs(written: dict[str, dict[str, list[Row]]]) -> None:
    def seen(form: str, name: str) -> set[object]:
        return {row[name] for rows in written[form].values() for row in rows}

    assert seen("CN_BILLRECEIVABLE", "FBILLSTATUS") == {"collected", "discounted", "endorsed", "dishonoured"}
    assert min(row["FALLAMOUNTFOR_D"] for rows in written["AR_receivable"].values() for row in rows) < 0
    assert written["AR_REFUNDBILL"]
    assert written["SAL_RETURNSTOCK"]
    assert len([rows for rows in written["AR_RECEIVEBILL"].values() if len(rows) > 1]) > 50


def test_each_row_has_the_forms_own_fields(written: dict[str, dict[str, list[Row]]]) -> None:
    for form, by_deal in written.items():
        assert {name for rows in by_deal.values() for row in rows for name in row} <= FORMS[form].fields


def test_a_version_is_dated_by_its_instant_and_versions_come_in_order() -> None:
    for line in documents(DEALS[4], "1"):
        instants = [at for at, _ in line.versions]
        assert instants == sorted(instants)
        assert line.at(instants[0] - 1) is None


def test_customers_are_spelled_as_the_erps_clerks_do() -> None:
    names = {customer_of(f"A{number}", None, "苏州华瑞模具有限公司")[1] for number in range(64)}
    assert {"苏州华瑞模具有限公司", "苏州华瑞模具有限责任公司", "苏州华瑞模具公司", "苏州华瑞模具"} <= names
    assert customer_of("A1", "91X", "甲") == customer_of("A2", "91X", "甲")


def test_a_day_later_the_books_hold_what_they_held_and_more(tmp_path: Path) -> None:
    found(tmp_path, date(2026, 6, 30), scale=0.02, seed=1, days_ahead=10, say=lambda _: None)
    store = Store(database(tmp_path))
    now, later = ms("2026-07-01T01:30"), ms("2026-07-05T01:30")
    before = {form: keyed(Book(store).rows(form, now), form) for form in FORMS}
    book = Book(store)
    advance(store, 4, at_s=0.0)
    for form in FORMS:
        if form != "STK_Inventory":
            after, again = keyed(book.rows(form, later), form), keyed(book.rows(form, now), form)
            assert before[form] == {key: row for key, row in again.items() if key in before[form]}
            assert before[form].keys() <= after.keys()
    assert sum(len(book.rows(form, later)) for form in FORMS) > sum(len(rows) for rows in before.values())
    assert len(before["STK_Inventory"]) == 12
    store.close()


def keyed(rows: list[Row], form: str) -> dict[tuple[object, ...], Row]:
    return {tuple(row[name] for name in FORMS[form].key): row for row in rows}


def test_lines_of_one_bill_repeat_its_header() -> None:
    lines: list[Line] = [line for line in documents(DEALS[8], "1") if line.form == "SAL_SaleOrder"]
    assert len({line.key[0] for line in lines}) == 1
    assert len({line.key for line in lines}) == len(lines)
