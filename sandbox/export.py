"""The bulk export of a go-live: what the CRM's own screens can tell of the past, as CSV files.

Only what happened before cutoff(go-live) is in it. `full`: each object's records as created and every field change since; `stage_only`: the
stage log and what of an opportunity is fixed at creation. Rows are streamed from the journal.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from sandbox.clock import cutoff_ms, iso
from sandbox.objects import OBJECTS, own_fields
from sandbox.store import Store

FIXED = ["create_time", "sales_process_id", "lead_source__c"]
CHANGE_HEADER = ["id", "field", "old_value", "new_value", "changed_at", "changed_by"]
STAGE_HEADER = ["id", "from_stage", "to_stage", "changed_at", "changed_by"]
DELETED = "__deleted__"
Write = Callable[[list[str]], object]


def export(store: Store, folder: Path, mode: str) -> dict[str, int]:
    """Write the export into `folder`; mode full or stage_only. Returns rows by file. `manifest.json` comes last and ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").unlink(missing_ok=True)
    go_live = date.fromisoformat(store.state("go_live"))
    rows: dict[str, int] = {}
    names = list(OBJECTS) if mode == "full" else ["NewOpportunityObj"]
    for name in names:
        columns = own_fields(name) if mode == "full" else FIXED
        _export_object(store, folder, name, columns, cutoff_ms(go_live), rows, is_with_changes=mode == "full")
    _export_stages(store, folder, cutoff_ms(go_live), rows)
    with _table(folder, "targets.csv", ["node_id", "period_id", "gross_amount"], rows) as write:
        for target in store.rows(
            "select node_id, period_id, gross_amount from targets order by period_id, node_id", ()
        ):
            write(list(target.values()))
    manifest = {"go_live": go_live.isoformat(), "mode": mode, "rows": rows}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return rows


def _export_object(
    store: Store,
    folder: Path,
    name: str,
    columns: list[str],
    before_ms: int,
    rows: dict[str, int],
    *,
    is_with_changes: bool,
) -> None:
    with _table(folder, f"{name}_initial.csv", ["id", *columns], rows) as write:
        for entry in _journal(store, name, before_ms, "op = 'create'"):
            fields = {"create_time": entry["at_ms"], **orjson.loads(entry["fields"])}
            write([entry["id"], *(_cell(fields.get(column)) for column in columns)])
    if not is_with_changes:
        return
    with _table(folder, f"{name}_changes.csv", CHANGE_HEADER, rows) as write:
        for entry in _journal(store, name, before_ms, "op <> 'create'"):
            stamp = [iso(entry["at_ms"]), entry["actor"]]
            if entry["op"] == "delete":
                write([entry["id"], DELETED, "", "true", *stamp])
                continue
            old = orjson.loads(entry["old"])
            for field, value in orjson.loads(entry["fields"]).items():
                if field in columns and old[field] != value:
                    write([entry["id"], field, _cell(old[field]), _cell(value), *stamp])


def _export_stages(store: Store, folder: Path, before_ms: int, rows: dict[str, int]) -> None:
    """Every entry into a stage, the first at creation with an empty `from_stage`."""
    with _table(folder, "opportunity_stage_log.csv", STAGE_HEADER, rows) as write:
        for entry in _journal(store, "NewOpportunityObj", before_ms, "op <> 'delete'"):
            stage = orjson.loads(entry["fields"]).get("sales_stage")
            before = orjson.loads(entry["old"]).get("sales_stage") if entry["old"] else None
            if stage and stage != before:
                write([entry["id"], before or "", stage, iso(entry["at_ms"]), entry["actor"]])


def _journal(store: Store, name: str, before_ms: int, condition: str) -> Iterator[dict[str, Any]]:
    statement = f"select id, at_ms, op, fields, old, actor from journal where object = ? and at_ms < ? and {condition} order by seq"  # noqa: S608
    cursor = store.connection.execute(statement, (name, before_ms))
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)


def _cell(value: object) -> str:
    """A value as text: nothing for null, text as it is, everything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


@contextmanager
def _table(folder: Path, name: str, header: list[str], rows: dict[str, int]) -> Iterator[Write]:
    """An open CSV file whose rows are counted."""
    rows[name] = 0
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)

        def write(row: list[str]) -> None:
            writer.writerow(row)
            rows[name] += 1

        yield write
