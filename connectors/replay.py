"""The go-live export replayed: a record as it was created and every later change of a field become its versions, one an instant.

In: the export's `<Object>_initial.csv` and `<Object>_changes.csv`, or its stage log. Out: records dated by the source's own history, each
known from the end of the day of its change on. A record's versions follow each other; records come in the file's order.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from connectors.decoding import UndecodableError, decode, fault, raw_text
from connectors.reading import instant_of, milliseconds
from connectors.streams import StageLog, Stream
from connectors.translation import NotAmountError, value_of
from warehouse.clock import business_day, cutoff
from warehouse.landing import TOMBSTONE, Record, Reject
from warehouse.steps import StepError

DELETED = "__deleted__"
Change = tuple[datetime, dict[str, Any]]


def _rows(path: Path, columns: set[str]) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        missing = sorted(columns - set(reader.fieldnames or ()))
        if missing:
            raise StepError(f"{path} has no column {missing[0]!r}: export the history again, then rerun")
        try:
            yield from reader
        except (csv.Error, UnicodeDecodeError) as error:
            line = reader.line_num
            raise StepError(
                f"{path} cannot be read beyond line {line} ({error}): export the history again, then rerun"
            ) from None


def _existing(path: Path) -> Path:
    if not path.exists():
        raise StepError(
            f"{path} does not exist: export the history again or set LANDFALL_HISTORY_DIR to its folder, then rerun"
        )
    return path


def _value(stream: Stream, field: str, text: str) -> Any:
    """Our value of what the API would send for the export's text; None for an empty one."""
    if text == "":
        return None
    return value_of(stream, field, text if stream.fields.get(field, "text") == "text" else decode(text.encode()))


def _born(row: dict[str, str], stream: Stream, fields: Iterable[str]) -> Change | None:
    """The instant of creation and what the record held then, None when the row does not say."""
    try:
        told = {name: value for name in fields if (value := _value(stream, name, row[stream.theirs(name)])) is not None}
        created_at = instant_of(_value(stream, "create_time", row[stream.theirs("create_time")]))
    except (UndecodableError, NotAmountError):
        return None
    return None if created_at is None else (created_at, told)


def full_versions(folder: Path, stream: Stream) -> Iterator[Record | Reject]:
    """All versions of the stream's records. Raises StepError when a file is missing or cannot be read."""
    initial = _existing(folder / f"{stream.object}_initial.csv")
    changes = _changes(folder / f"{stream.object}_changes.csv", stream)
    for row in _rows(initial, _columns(stream, stream.fields)):
        born = _born(row, stream, stream.fields)
        if born is None:
            yield Reject("create_time or another field is not of its kind", raw_text(row), row["id"])
        else:
            yield from _versions(row["id"], [born, *changes.pop(row["id"], [])])
    for record_id in changes:
        yield Reject("the record changes without having been created", raw_text(record_id), record_id)


def stage_versions(folder: Path, stream: Stream, log: StageLog) -> Iterator[Record | Reject]:
    """Sparse versions from a stage log: what is fixed at creation and the stage of the day; every other field stays unknown."""
    moves: defaultdict[str, list[Change]] = defaultdict(list)
    for row in _rows(_existing(folder / "opportunity_stage_log.csv"), {"id", "to_stage", "changed_at"}):
        at = datetime.fromisoformat(row["changed_at"])
        stage = value_of(stream, log.stage, row["to_stage"])
        moves[row["id"]].append((at, {log.stage: stage, log.stage_changed_at: milliseconds(at)}))
    for row in _rows(_existing(folder / f"{stream.object}_initial.csv"), _columns(stream, log.fixed_at_creation)):
        born = _born(row, stream, log.fixed_at_creation)
        if born is None:
            yield Reject("create_time or another field is not of its kind", raw_text(row), row["id"])
        else:
            yield from _versions(row["id"], [born, *moves.pop(row["id"], [])])


def _columns(stream: Stream, fields: Iterable[str]) -> set[str]:
    """The export's columns that hold `fields`: it names them as the tenant does."""
    return {"id", *(stream.theirs(name) for name in ("create_time", *fields))}


def _changes(path: Path, stream: Stream) -> dict[str, list[Change]]:
    """Changes by record, in the order of their instants; fields that the mapping does not ask for are left out."""
    found: defaultdict[str, list[Change]] = defaultdict(list)
    ours = {stream.theirs(name): name for name in stream.fields}
    if path.exists():
        for row in _rows(path, {"id", "field", "new_value", "changed_at"}):
            field = ours.get(row["field"], "")
            if row["field"] == DELETED:
                found[row["id"]].append((datetime.fromisoformat(row["changed_at"]), {DELETED: True}))
            elif field:
                try:
                    value = _value(stream, field, row["new_value"])
                except (UndecodableError, NotAmountError):
                    raise StepError(
                        f"{path}: a value of {field} is not {stream.fields[field]}: correct the field's kind in the "
                        "mapping or export the history again, then rerun"
                    ) from None
                found[row["id"]].append((datetime.fromisoformat(row["changed_at"]), {field: value}))
    return found


def _versions(record_id: str, changes: list[Change]) -> Iterator[Record | Reject]:
    state: dict[str, Any] = {"_id": record_id}
    for at, group in groupby(sorted(changes, key=lambda change: change[0]), key=lambda change: change[0]):
        for _, fields in group:
            state |= fields
        if state.pop(DELETED, False):
            version: dict[str, Any] = dict(TOMBSTONE)
        else:
            version = {name: value for name, value in state.items() if value is not None} | {
                "last_modified_time": milliseconds(at)
            }
        found = fault(version)
        if found:
            yield Reject(f"the record holds {found}", raw_text(version), record_id)
        else:
            yield Record(record_id, version, at.astimezone(UTC), cutoff(business_day(at)), is_reconstructed=True)
