"""The parts of a Salesforce query: fields, a walk's window, where a page goes on; and rows as records of the mapping.

In: a stream and its walk, rows as they came. Out: a query's text; flat rows with numbers as plain decimals and instants as ISO 8601
in UTC to the millisecond, whichever of Salesforce's interfaces gave them. A deleted row keeps what a tombstone tells.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.decoding import fault
from connectors.streams import Stream
from warehouse.steps import StepError
from warehouse.walks import Walk

DELETED, MERGED_INTO = "IsDeleted", "MasterRecordId"


def literal(instant: datetime) -> str:
    """An instant as a query writes it, without quotes."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def dated_by(stream: Stream) -> str:
    """The org's field that dates a record's change."""
    return stream.theirs(stream.changed.field) if stream.changed else "SystemModstamp"


def window(stream: Stream, walk: Walk) -> list[str]:
    """The conditions that hold a query within the walk's window."""
    field = dated_by(stream)
    start = [f"{field} >= {literal(walk.window_from)}"] if walk.window_from else []
    return [*start, f"{field} < {literal(walk.window_to)}"]


def behind(stream: Stream, cursor: str | None) -> list[str]:
    """The condition for what comes after the last row that landed."""
    if not cursor:
        return []
    field, (at, _, last) = dated_by(stream), cursor.partition("|")
    return [f"({field} > {at} OR ({field} = {at} AND Id > '{last}'))"]


def select(stream: Stream, conditions: list[str], *, is_ordered: bool = True) -> str:
    """The query for the stream's fields, oldest change first unless the order does not matter."""
    order = f" ORDER BY {dated_by(stream)}, Id" if is_ordered else ""
    where = " AND ".join(conditions)
    return f"SELECT {', '.join(stream.projection)} FROM {stream.object} WHERE {where}{order}"  # noqa: S608 - names of the mapping


def moved(stream: Stream, rows: list[Any], cursor: str | None, *, goes_on: bool) -> str | None:
    """Where a walk goes on behind these rows. Raises StepError when a page that is not the last shows nothing to go on from."""
    for row in reversed(rows):
        at, key = (row.get(dated_by(stream)), row.get("Id")) if isinstance(row, dict) else (None, None)
        if isinstance(at, str) and isinstance(key, str) and key.isalnum() and _instant(at) == at:
            return f"{at}|{key}"
    if goes_on:
        raise StepError(
            f"Salesforce shows a page of {stream.object} without a record that can be read, and more behind it: ask its support, then rerun"
        )
    return cursor


def flat(stream: Stream, row: Any) -> Any:
    """A row by the org's names of the mapping's fields; what is no object stays as it came."""
    if not isinstance(row, dict):
        return row
    kinds = {
        theirs: stream.fields.get(ours, "text") for ours, theirs in zip(stream.names, stream.projection, strict=True)
    }
    kinds[dated_by(stream)] = "instant"
    record = {name: _value(kind, found(row, name)) for name, kind in kinds.items()}
    if record.get(DELETED) is not True:
        return record | {DELETED: None}
    kept = {*(stream.theirs(name) for name in (*stream.key, *stream.bookkeeping)), DELETED, MERGED_INTO}
    return {name: value for name, value in record.items() if name in kept}


def found(row: Mapping[str, Any], name: str) -> Any:
    """A field, or one of a linked record; files name it with the dot."""
    if name in row or "." not in name:
        return row.get(name)
    link, _, inner = name.partition(".")
    return found(row[link], inner) if isinstance(row.get(link), dict) else row.get(link)


def _value(kind: str, value: Any) -> Any:
    """A value in its one form. What is not of its kind stays as it came; empty text, as files show null, is null."""
    if value is None or value == "" or isinstance(value, dict | list) or fault(value):
        return None if value == "" else value
    if kind == "number" and not isinstance(value, bool):
        return _plain(value)
    if kind == "flag":
        return {"true": True, "false": False}.get(str(value).lower(), value)
    return _instant(value) if kind == "instant" and isinstance(value, str) else value


def _plain(value: Any) -> Any:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return value
    if not number.is_finite() or abs(number.adjusted()) > 40:
        return str(value)
    whole, _, decimals = format(number, "f").partition(".")
    return f"{whole}.{decimals.rstrip('0')}".rstrip(".")


def _instant(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return literal(found) if found.tzinfo else text
