"""What a person exports from the list pages of the company's CRM: deals and contacts as they stand today, in the words of the screen.

In: the company. Out: `商机.csv` and `跟进记录.csv`, as an office PC writes them: GB 18030, 2026/5/20 9:03, no past.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from sandbox.administration import dialect_of
from sandbox.clock import ZONE, cutoff_ms
from sandbox.dialect import DEALS, PROCESS, Dialect
from sandbox.store import Store

CONTACTS = "ActiveRecordObj"
DEAL_COLUMNS = (
    "name",
    "sales_process_id",
    "sales_stage",
    "amount",
    "currency__c",
    "close_date",
    "product_line__c",
    "lead_source__c",
)
OUR_UNITS = {10_000: "万元"}


def write_screens(store: Store, folder: Path) -> dict[str, int]:
    """Write both lists into `folder`; returns rows by file."""
    folder.mkdir(parents=True, exist_ok=True)
    words = dialect_of(store)
    return {
        "商机.csv": _write(folder / "商机.csv", _deals(store, words)),
        "跟进记录.csv": _write(folder / "跟进记录.csv", _contacts(store, words)),
    }


def _write(path: Path, lines: Iterator[list[Any]]) -> int:
    with path.open("w", newline="", encoding="gb18030") as file:
        writer = csv.writer(file)
        writer.writerow(next(lines))
        rows = list(lines)
        writer.writerows(rows)
    return len(rows)


def _deals(store: Store, words: Dialect) -> Iterator[list[Any]]:
    """Heading, then a row a deal; the time of closing of those that are closed."""
    known = words.objects[DEALS]
    accounts, people = _names(store, "AccountObj", "_id", "name"), _names(store, "PersonnelObj", "user_id", "full_name")
    labels = [known.fields[own].label for own in DEAL_COLUMNS]
    unit = OUR_UNITS.get(known.fields["amount"].divide_by)
    if unit and unit not in known.fields["amount"].label:
        labels[DEAL_COLUMNS.index("amount")] += f"({unit})"
    yield ["商机编号", *labels, "客户名称", "负责人", "创建时间", "结单时间"]
    for record_id, body in _records(store, DEALS):
        closed = body.get("stg_changed_time") if body["sales_status"] != "open" else None
        owner = next(iter(body.get("owner") or []), "")
        yield [
            record_id, *(_cell(words, own, body, record_id) for own in DEAL_COLUMNS), accounts.get(body.get("account_id"), ""),
            people.get(owner, owner), _instant(body["create_time"]), _instant(closed),
        ]  # fmt: skip


def _contacts(store: Store, words: Dialect) -> Iterator[list[Any]]:
    """Heading, then a row a contact of a deal."""
    kinds, ways = (words.objects[CONTACTS].fields[own].options for own in ("active_record_type", "direction__c"))
    yield ["商机编号", "跟进方式", "方向", "跟进时间", "跟进人"]
    for _, body in _records(store, CONTACTS):
        for link in body.get("related_object_data") or []:
            if link["describe_api_name"] == DEALS:
                kind, way = kinds[body["active_record_type"]][1], ways.get(body.get("direction__c") or "", ("", ""))[1]
                yield [link["id"], kind, way, _instant(body["create_time"]), next(iter(body.get("owner") or []), "")]


def _records(store: Store, own: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Records that are not withdrawn, in the order in which they were created."""
    until = cutoff_ms(store.day())
    for row in store.rows(
        "select id, body from current where object = ? and create_time < ? order by create_time, id", (own, until)
    ):
        body = orjson.loads(row["body"])
        if body.get("life_status", "normal") == "normal":
            yield row["id"], body


def _names(store: Store, own: str, key: str, name: str) -> dict[Any, str]:
    return {record_id if key == "_id" else body[key]: body[name] for record_id, body in _records(store, own)}


def _cell(words: Dialect, own: str, body: dict[str, Any], record_id: str) -> Any:
    """A field as the screen shows it."""
    known, value = words.objects[DEALS], body.get(own)
    if value is None:
        return ""
    if own == "close_date":
        return _instant(value).split(" ")[0]
    process = str(body.get(PROCESS) or "")
    shown = words.value(known, own, value, record_id, process)
    labels = dict(known.fields[own].options.values())
    return labels.get(shown, shown)


def _instant(at_ms: int | None) -> str:
    if at_ms is None:
        return ""
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZONE)
    return f"{local.year}/{local.month}/{local.day} {local.hour}:{local.minute:02}"
