"""What customers owe and have paid, over two nights worked by hand on a real warehouse.

Each customer has one story. In every one, receivables less unapplied receipts fall by exactly the receipt, and what is undone comes back.
"""

from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.slow

NIGHTS = {"2026-05-11": "20260511_aaaaaaaaaaaa", "2026-05-12": "20260512_bbbbbbbbbbbb"}
FIRST, SECOND = NIGHTS.values()
UNDONE = ["DELETED", "UNAPPROVED", "DISHONOURED", "LEFTOVER"]
GONE = {"is_deleted": True}


def receivable(number: str, customer: str, amount: float, status: str = "C", **more: Any) -> dict[str, Any]:
    """An invoice of 13 % with one entry, due on 1 May."""
    return {
        "FID": number, "FBillNo": f"AR{number}", "FDATE": "2026-04-01T00:00:00", "FENDDATE_H": "2026-05-01T00:00:00",
        "FDOCUMENTSTATUS": status, "FCUSTOMERID.FNumber": customer, "FCURRENCYID.FCODE": "CNY",
        "FALLAMOUNTFOR_D": amount, "FALLAMOUNT_D": amount,
        "FNoTaxAmountFor_D": round(amount / 1.13, 2), "FNOTAXAMOUNT_D": round(amount / 1.13, 2), **more,
    }  # fmt: skip


def receipt(
    number: str, customer: str, amount: float, status: str = "C", paid_by: str = "JSFS04_SYS"
) -> dict[str, Any]:
    return {
        "FID": number, "FBillNo": f"SKD{number}", "FDATE": "2026-05-12T00:00:00", "FDOCUMENTSTATUS": status,
        "FCONTACTUNIT.FNumber": customer, "FCURRENCYID.FCODE": "CNY", "FSETTLETYPEID.FNumber": paid_by,
        "FRECAMOUNTFOR_E": amount, "FRECAMOUNT_E": amount,
    }  # fmt: skip


def refund(number: str, customer: str, amount: float) -> dict[str, Any]:
    return {
        "FID": number, "FBillNo": f"SKTKD{number}", "FDATE": "2026-05-13T00:00:00", "FDOCUMENTSTATUS": "C",
        "FCONTACTUNIT.FNumber": customer, "FCURRENCYID.FCODE": "CNY", "FREFUNDAMOUNTFOR_E": amount, "FREFUNDAMOUNT_E": amount,
    }  # fmt: skip


def side(number: str, form: str, amount: float) -> dict[str, Any]:
    return {
        "FSOURCEFROMID": form,
        "FSRCBILLNO": number,
        "FCURWRITTENOFFAMOUNTFOR": amount,
        "FCURWRITTENOFFAMOUNT": amount,
    }


@pytest.fixture(scope="module")
def nights(land, build, query):  # type: ignore[no-untyped-def]
    """Two nights of seven customers, as the ERP tells them."""

    def tell(day: str, stream: str, key: str, record: dict[str, Any]) -> None:
        land(f"kingdee__{stream}", key, f"2026-05-{day} 10:00", record)

    def match(day: str, key: str, *sides: tuple[str, str, float]) -> None:
        for place, (number, form, amount) in enumerate(sides):
            tell(day, "matches", f"{key}|{place}", {"FID": key, **side(number, form, amount)})

    # PAID: 600 come on the second day and 400 of them are matched. All others got as far on the first day.
    for customer, day in {"PAID": "12", "REFUNDED": "11", **dict.fromkeys(UNDONE, "11")}.items():
        paid_by = "JSFS06_SYS" if customer == "DISHONOURED" else "JSFS04_SYS"
        tell("11", "receivables", f"{customer}|1", receivable(customer, customer, 1000.0))
        tell(day, "receipts", f"{customer}|1", receipt(customer, customer, 600.0, paid_by=paid_by))
        match(day, customer, (f"AR{customer}", "AR_receivable", 400.0), (f"SKD{customer}", "AR_RECEIVEBILL", 400.0))
    # DELETED: receipt and match are gone. UNAPPROVED: match undone, receipt back to review. LEFTOVER: the match of a deleted receipt stays.
    for customer in ("DELETED", "UNAPPROVED"):
        for place in (0, 1):
            tell("12", "matches", f"{customer}|{place}", GONE)
    tell("12", "receipts", "DELETED|1", GONE)
    tell("12", "receipts", "UNAPPROVED|1", receipt("UNAPPROVED", "UNAPPROVED", 600.0, "D"))
    tell("12", "receipts", "LEFTOVER|1", GONE)
    # DISHONOURED: the receipt was a bill; a negative receipt and match take it back.
    bill = {"FBILLNUMBER": "1", "FBILLSTATUS": "received", "FSOURCEBILLNO": "SKDDISHONOURED", "FPARAMOUNT": 600.0}
    tell("11", "bills", "B1", bill)
    tell("12", "bills", "B1", bill | {"FBILLSTATUS": "dishonoured"})
    tell("12", "receipts", "RED|1", receipt("RED", "DISHONOURED", -600.0, paid_by="JSFS06_SYS"))
    match("12", "RED", ("ARDISHONOURED", "AR_receivable", -400.0), ("SKDRED", "AR_RECEIVEBILL", -400.0))
    # REFUNDED: 150 of goods came back: a red-letter invoice, and the money returned for it.
    tell("12", "receivables", "RL|1", receivable("RL", "REFUNDED", -150.0))
    tell("12", "refunds", "RF|1", refund("RF", "REFUNDED", 150.0))
    match("12", "RL", ("ARRL", "AR_receivable", -150.0), ("SKTKDRF", "AR_REFUNDBILL", -150.0))
    # DRAFT: an invoice that nobody approved.
    tell("11", "receivables", "DRAFT|1", receivable("DRAFT", "DRAFT", 5000.0, "A"))
    for day, build_id in NIGHTS.items():
        build("+fct_receivable +fct_receipt", day, build_id=build_id, build_schema=f"build_{build_id}")


def stands(query: Any, build_id: str, customer: str) -> tuple[Any, Any, Any]:
    """(open receivables, unapplied receipts, the difference) of a customer in a build."""
    ((owed, unapplied),) = query(
        f"select (select coalesce(sum(open_gross_amount), 0) from build_{build_id}.fct_receivable where customer_number = %s),"
        f" (select coalesce(sum(unapplied_gross_amount), 0) from build_{build_id}.fct_receipt where customer_number = %s)",
        customer, customer,
    )  # fmt: skip
    return owed, unapplied, owed - unapplied


def test_a_receipt_lowers_what_is_owed_by_the_match_and_the_net_by_exactly_itself(nights, query):  # type: ignore[no-untyped-def]
    assert stands(query, FIRST, "PAID") == (1000, 0, 1000)
    assert stands(query, SECOND, "PAID") == (600, 200, 400)


@pytest.mark.parametrize("customer", UNDONE)
def test_every_way_of_undoing_a_receipt_undoes_it_to_the_cent(nights, query, customer):  # type: ignore[no-untyped-def]
    assert stands(query, FIRST, customer) == (600, 200, 400)
    assert stands(query, SECOND, customer) == (1000, 0, 1000)


def test_a_refund_of_returned_goods_leaves_the_rest_as_it_was(nights, query):  # type: ignore[no-untyped-def]
    assert stands(query, FIRST, "REFUNDED") == stands(query, SECOND, "REFUNDED") == (600, 200, 400)


def test_receipts_less_refunds_tie_to_what_left_the_receivables(nights, query):  # type: ignore[no-untyped-def]
    """Approved invoices less net open is the control total of the money, whatever was matched with what."""
    for build_id in (FIRST, SECOND):
        ((invoiced, owed),) = query(
            f"select sum(gross_amount) filter (where is_approved), sum(open_gross_amount) from build_{build_id}.fct_receivable"
        )
        ((paid, unapplied),) = query(
            f"select coalesce(sum(gross_amount) filter (where is_approved), 0), coalesce(sum(unapplied_gross_amount), 0)"
            f" from build_{build_id}.fct_receipt"
        )
        assert invoiced - (owed - unapplied) == paid


def test_a_red_letter_invoice_and_its_refund_settle_each_other(nights, query):  # type: ignore[no-untyped-def]
    assert query(
        "select gross_amount, open_gross_amount, is_red_letter, days_past_due_count"
        f" from build_{SECOND}.fct_receivable where receivable_number = 'ARRL'"
    ) == [(-150, 0, True, None)]
    assert query(
        f"select gross_amount, unapplied_gross_amount, is_reversal from build_{SECOND}.fct_receipt where kind = 'refund'"
    ) == [(-150, 0, True)]


def test_a_bill_settles_at_once_but_is_no_cash_and_a_dishonoured_one_never_was(nights, query):  # type: ignore[no-untyped-def]
    columns = "receipt_number, is_bill, bill_status, cash_on::text, gross_amount"
    shown = f"select {columns} from build_{{}}.fct_receipt where customer_number = %s order by 1"
    assert query(shown.format(FIRST), "DISHONOURED") == [("SKDDISHONOURED", True, "received", None, 600)]
    assert query(shown.format(SECOND), "DISHONOURED") == [
        ("SKDDISHONOURED", True, "dishonoured", None, 600), ("SKDRED", True, None, None, -600),
    ]  # fmt: skip
    assert query(shown.format(SECOND), "PAID") == [("SKDPAID", False, None, "2026-05-12", 600)]


def test_a_draft_owes_nothing_and_ageing_counts_from_the_due_day(nights, query):  # type: ignore[no-untyped-def]
    columns = "open_gross_amount, net_amount, is_approved, days_past_due_count"
    shown = f"select {columns} from build_{SECOND}.fct_receivable where customer_number = %s"
    assert query(shown, "DRAFT") == [(0, Decimal("4424.78"), False, None)]
    assert query(shown, "PAID") == [(600, Decimal("884.96"), True, 11)]
