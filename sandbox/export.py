"""The bulk export of a go-live: what the CRM's own screens can tell of the past, as CSV files.

Only what happened before cutoff(go-live) is in it. `full`: each object's records as created and every field change since; `stage_only`: the
stage log and what of an opportunity is fixed at creation. Rows are streamed from the journal.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from sandbox import ledger
from sandbox.administration import dialect_of, silent_people
from sandbox.clock import cutoff_ms, iso
from sandbox.dialect import DEALS, STAGE, Dialect, ObjectWords
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
    words = dialect_of(store)
    names = list(OBJECTS) if mode == "full" else [DEALS]
    for name in names:
        columns = own_fields(name) if mode == "full" else FIXED
        told = Told(store, words, name, cutoff_ms(go_live))
        _export_object(told, folder, columns, rows, is_with_changes=mode == "full")
    _export_stages(Told(store, words, DEALS, cutoff_ms(go_live)), folder, rows)
    with _table(folder, "targets.csv", ["node_id", "period_id", "gross_amount"], rows) as write:
        for target in store.rows(
            "select node_id, period_id, gross_amount from targets order by period_id, node_id", ()
        ):
            write(list(target.values()))
    for name, header, lines in (
        ("signed_targets.csv", ["node_id", "period_id", "gross_amount"], ledger.signed_targets(store)),
        ("ledger_balances.csv", ["day", "customer_number", "gross_amount"], ledger.balances(store)),
    ):
        with _table(folder, name, header, rows) as write:
            for line in lines:
                write(line)
    manifest = {"go_live": go_live.isoformat(), "mode": mode, "rows": rows}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return rows


@dataclass(frozen=True, slots=True)
class Told:
    """One object of the company as its CRM tells it, up to an instant."""

    store: Store
    words: Dialect
    own: str
    before_ms: int

    @property
    def named(self) -> ObjectWords:
        """The object in the CRM's words."""
        return self.words.objects[self.own]

    def journal(self, condition: str) -> Iterator[dict[str, Any]]:
        """The changes that the CRM knows of, in order, `fields` and `old` by the company's names and in the CRM's values."""
        statement = f"select id, at_ms, op, fields, old, actor from journal where object = ? and at_ms < ? and {condition} order by seq"  # noqa: S608
        silent = set(silent_people(self.store, self.words)) if self.own == "ActiveRecordObj" else set()
        processes = self._processes()
        cursor = self.store.connection.execute(statement, (self.own, self.before_ms))
        names = [column[0] for column in cursor.description]
        for row in cursor:
            entry = dict(zip(names, row, strict=True))
            if entry["actor"] not in silent:
                process = processes.get(entry["id"])
                for part in ("fields", "old"):
                    said = orjson.loads(entry[part]) if entry[part] else {}
                    entry[part] = {
                        own: self.words.value(self.named, own, value, entry["id"], process)
                        for own, value in said.items()
                        if own in self.named.fields
                    }
                yield entry

    def _processes(self) -> dict[str, str]:
        """The sales process of each deal, without which its stages have no names."""
        if self.own != DEALS:
            return {}
        found = self.store.rows(
            "select id, fields ->> 'sales_process_id' as process from journal where object = ? and op = 'create'",
            [DEALS],
        )
        return {row["id"]: row["process"] for row in found}


def _export_object(
    told: Told, folder: Path, columns: list[str], rows: dict[str, int], *, is_with_changes: bool
) -> None:
    fields = told.named.fields
    with _table(
        folder, f"{told.named.name}_initial.csv", ["id", *(fields[each].name for each in columns)], rows
    ) as write:
        for entry in told.journal("op = 'create'"):
            known = {"create_time": entry["at_ms"], **entry["fields"]}
            write([entry["id"], *(_cell(known.get(column)) for column in columns)])
    if not is_with_changes:
        return
    with _table(folder, f"{told.named.name}_changes.csv", CHANGE_HEADER, rows) as write:
        for entry in told.journal("op <> 'create'"):
            stamp = [iso(entry["at_ms"]), entry["actor"]]
            if entry["op"] == "delete":
                write([entry["id"], DELETED, "", "true", *stamp])
                continue
            old = entry["old"]
            for field, value in entry["fields"].items():
                if field in columns and old[field] != value:
                    write([entry["id"], fields[field].name, _cell(old[field]), _cell(value), *stamp])


def _export_stages(told: Told, folder: Path, rows: dict[str, int]) -> None:
    """Every entry into a stage, the first at creation with an empty `from_stage`."""
    with _table(folder, "opportunity_stage_log.csv", STAGE_HEADER, rows) as write:
        for entry in told.journal("op <> 'delete'"):
            stage, before = entry["fields"].get(STAGE), entry["old"].get(STAGE)
            if stage and stage != before:
                write([entry["id"], before or "", stage, iso(entry["at_ms"]), entry["actor"]])


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
