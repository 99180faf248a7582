"""What finance hands over at the go-live beside the CRM's export: the signed targets, and the ledger's receivables at the ends of quarters.

Goes out: rows of `signed_targets.csv` and `ledger_balances.csv`. Each holds one planted difference: a target that was typed otherwise than
it was signed, and a manual posting that the sales ledger does not know.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.clock import cutoff_ms
from sandbox.erp.book import Book
from sandbox.store import Store

MISTYPED, MANUAL_POSTING = Decimal("1000.00"), Decimal("1234.56")
QUARTERS = 4  # balances are told of so many quarters before the go-live
SIDES = (
    ("AR_receivable", "FALLAMOUNT_D", 1),
    ("AR_RECEIVEBILL", "FRECAMOUNT_E", -1),
    ("AR_REFUNDBILL", "FREFUNDAMOUNT_E", 1),
)


def signed_targets(store: Store) -> list[list[str]]:
    """node_id, period_id, gross_amount as signed: as typed, but for the last node of the last period."""
    rows = store.rows("select node_id, period_id, gross_amount from targets order by period_id, node_id", ())
    signed = [[str(row["node_id"]), str(row["period_id"]), str(row["gross_amount"])] for row in rows]
    if signed:
        signed[-1][2] = str(Decimal(signed[-1][2]) + MISTYPED)
    return signed


def balances(store: Store) -> list[list[str]]:
    """day, customer_number (* for the account), gross_amount: invoices less receipts and refunds, as the books of the go-live have them."""
    go_live = date.fromisoformat(store.state("go_live"))
    book = Book(store)
    documents = [
        (str(row["FDATE"])[:10], sign * Decimal(str(row[amount])))
        for form, amount, sign in SIDES
        for row in book.rows(form, cutoff_ms(go_live))
        if row["FDOCUMENTSTATUS"] == "C"
    ]
    days = [_quarter_end(go_live, back) for back in range(QUARTERS, 0, -1)]
    told: list[list[Any]] = [
        [day, sum((amount for on, amount in documents if on <= day), Decimal("0.00"))] for day in days
    ]
    told[-1][1] += MANUAL_POSTING
    return [[day, "*", f"{amount:.2f}"] for day, amount in told]


def _quarter_end(day: date, back: int) -> str:
    """The last day of the `back`-th quarter before that of a day."""
    months = day.year * 12 + (day.month - 1) // 3 * 3 - 3 * (back - 1)
    return (date(months // 12, months % 12 + 1, 1) - timedelta(days=1)).isoformat()
