"""The ERP's books as they stand: which lines each form shows at an instant, from the CRM's journal and the calendar.

Wins are read from the journal as it grows; what follows from a win is worked out once. A test's own changes (`/sandbox/patch` with a form
as object and the line's key, joined by "|", as id) lie over what follows from the company: created or changed lines, and deleted ones.
"""

from datetime import date
from random import Random
from typing import Any

import orjson

from sandbox.company.seasons import local_day
from sandbox.erp import cash, catalogue, sales
from sandbox.erp.forms import FORMS
from sandbox.erp.lines import Line, Row, time_text
from sandbox.store import Store

YEARS_DAYS = 3 * 365  # the window's length before go-live, in days
BEYOND_DAYS = 800  # purchases are planned so far behind go-live
Key = tuple[int | str, ...]
LINE_OF_PROCESS = {"equipment": "eq_press", "software": "sw_mes", "parts": "pt_service"}
_WINS = """
select seq, id, at_ms from journal
where object = 'NewOpportunityObj' and op != 'delete' and seq > ? and fields ->> '$.sales_stage' = 'won' order by seq"""
_OVERLAY = """
select j.id, j.op, c.body, c.last_modified_time from journal as j left join current as c on c.object = j.object and c.id = j.id
where j.object = ? and j.seq in (select max(seq) from journal where object = ? group by id)"""


class Book:
    """All lines of one company's ERP."""

    def __init__(self, store: Store) -> None:
        self._store, self._seen = store, 0
        self._won: set[str] = set()
        self._lines: dict[str, dict[Key, Line]] = {form: {} for form in FORMS}
        self._start = date.fromisoformat(store.state("go_live")).toordinal() - YEARS_DAYS
        self._add(catalogue.master(self._start))
        self._add(catalogue.purchases(self._start, self._start + YEARS_DAYS + BEYOND_DAYS, store.state("seed")))

    def rows(self, form: str, now_ms: int) -> list[Row]:
        """The lines that a form shows at an instant, without order."""
        held: dict[Key, Row] = {}
        if form == "STK_Inventory":
            held = {(row["FID"],): row for row in catalogue.inventory(local_day(now_ms), self._store.state("seed"))}
        else:
            self._read_wins()
            for key, line in self._lines[form].items():
                version = line.at(now_ms)
                if version is not None:
                    held[key] = version[1]
        return list(self._overlaid(form, held).values())

    def _overlaid(self, form: str, held: dict[Key, Row]) -> dict[Key, Row]:
        names, modified = FORMS[form].key, FORMS[form].modified
        for row in self._store.rows(_OVERLAY, (form, form)):
            key = tuple(int(part) if part.isdigit() else part for part in row["id"].split("|"))
            if row["op"] == "delete":
                held.pop(key, None)
                continue
            changed: dict[str, Any] = orjson.loads(row["body"])
            if modified:
                changed[modified] = time_text(row["last_modified_time"])
            held[key] = held.get(key, dict(zip(names, key, strict=True))) | changed
        return held

    def _add(self, lines: list[Line]) -> None:
        for line in lines:
            self._lines[line.form][line.key] = line

    def _read_wins(self) -> None:
        for row in self._store.rows(_WINS, (self._seen,)):
            self._seen = row["seq"]
            if row["id"] in self._won:
                continue
            self._won.add(row["id"])
            deal = self._deal(row["id"], row["at_ms"], row["seq"])
            if deal is not None and deal.is_ordered:
                self._add(documents(deal, self._store.state("seed")))

    def _deal(self, deal_id: str, won_ms: int, seq: int) -> sales.Deal | None:
        """What the CRM said about the deal when it was won; None for one that has no amount."""
        told: dict[str, Any] = {}
        statement = "select fields from journal where object = 'NewOpportunityObj' and id = ? and seq <= ? order by seq"
        for row in self._store.rows(statement, (deal_id, seq)):
            told |= orjson.loads(row["fields"])
        if not told.get("amount"):
            return None
        account = self._first("AccountObj", told.get("account_id"))
        owner = str((told.get("owner") or ["1000"])[0])
        code = account.get("uniform_social_credit_code__c")
        customer = sales.customer_of(str(told.get("account_id")), code, str(account.get("name", "散客")))
        return sales.Deal(
            deal_id, number_of(deal_id), won_ms, *customer, line_of(told), told.get("contract_no__c"), owner,
            str(self._first("PersonnelObj", owner).get("full_name", owner)), round(float(told["amount"]) * 100),
            told.get("currency__c") == "USD",
        )  # fmt: skip

    def _first(self, object_name: str, record_id: object) -> dict[str, Any]:
        """A CRM record as it was created."""
        statement = "select fields from journal where object = ? and id = ? order by seq limit 1"
        found = self._store.rows(statement, (object_name, str(record_id)))
        return dict(orjson.loads(found[0]["fields"])) if found else {}


def number_of(deal_id: str) -> int:
    """The number by which the ERP's bills of a deal are counted."""
    number = int.from_bytes(deal_id.encode(), "big") if len(deal_id) != 24 else int(deal_id[-12:], 16)
    return number % 10**7


def line_of(told: dict[str, Any]) -> str:
    """The product line of what the CRM says of a deal."""
    return str(told.get("product_line__c") or LINE_OF_PROCESS.get(str(told.get("sales_process_id")), "pt_service"))


def documents(deal: sales.Deal, seed: str) -> list[Line]:
    """All lines that follow from a won deal, in the order of the forms' lives."""
    dice = Random(f"{seed} {deal.id}")
    parts = sales.parts_of(deal, dice)
    shipped = sales.shipments(deal, parts, dice)
    lines = sales.order(deal, parts, shipped[-1].day, dice)
    for shipment in shipped:
        lines += shipment.lines
    return lines + cash.Account(deal, dice).settle(shipped)
