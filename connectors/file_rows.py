"""Rows of a tenant's files as standard records, by the mapping.

In: a row of text cells. Out: its record with instants as ISO 8601 with offset, days as YYYY-MM-DD and amounts as decimal text, and when it
last changed; or the reason why it cannot be read, naming column and not value.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.file_mapping import REQUIRED, STANDARD, FileStream, Kind, Source
from connectors.files import Row

DATED_BY = {"stage_changes": "changed_at", "interactions": "occurred_at"}
_FLAGS = {
    "true": True,
    "1": True,
    "yes": True,
    "y": True,
    "是": True,
    "false": False,
    "0": False,
    "no": False,
    "n": False,
    "否": False,
}
_LARGEST = Decimal(10) ** 16  # numeric(18,2)


class RowError(Exception):
    """A row cannot be read; the message names the column."""


def is_wanted(stream: FileStream, row: Row) -> bool:
    """Whether all conditions of `where` hold for the row."""
    return all(
        (row.cells.get(condition.column, "") in condition.values) != condition.is_excluded for condition in stream.where
    )


def record_of(name: str, stream: FileStream, row: Row, zone: ZoneInfo) -> dict[str, Any]:
    """The standard record of a row; empty cells are left out. Raises RowError."""
    if row.is_torn:
        raise RowError("the row has another number of cells than the header")
    record: dict[str, Any] = dict(stream.constants)
    for field, source in stream.fields.items():
        value = _value(STANDARD[name][field], source, row, zone)
        if value is not None:
            record[field] = value
    empty = next((field for field in REQUIRED[name] if field not in record), None)
    if empty:
        raise RowError(f"{' + '.join(stream.fields[empty].columns) if empty in stream.fields else empty} is empty")
    return record


def changed_at(name: str, stream: FileStream, row: Row, record: dict[str, Any], zone: ZoneInfo) -> datetime | None:
    """When the row last changed by its own account, None when the file does not say."""
    if name in DATED_BY:
        return datetime.fromisoformat(record[DATED_BY[name]])
    if stream.changed_at is None:
        return None
    value = _value("instant", stream.changed_at, row, zone)
    if value is None:
        raise RowError(f"{' + '.join(stream.changed_at.columns)} is empty")
    return datetime.fromisoformat(str(value))


def _value(kind: Kind, source: Source, row: Row, zone: ZoneInfo) -> str | bool | None:
    cells = [row.cells.get(column, "").strip() for column in source.columns]
    if not all(cells):
        return None
    text = source.separator.join(cells)
    text = source.values.get(text, text)
    try:
        if kind == "amount":
            return _amount(text, source)
        if kind == "instant":
            return _instant(text, zone).isoformat()
        if kind == "day":
            return date.fromisoformat(text[:10]).isoformat()
        return _FLAGS[text.lower()] if kind == "flag" else text
    except (ValueError, KeyError, OverflowError):
        raise RowError(
            f"{' + '.join(source.columns)} is not {'an' if kind in ('amount', 'instant') else 'a'} {kind}"
        ) from None


def _amount(text: str, source: Source) -> str | None:
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        raise ValueError
    amount = Decimal(text)
    if abs(amount) >= _LARGEST:
        raise ValueError
    return None if source.zero_as_null and amount == 0 else format(amount, "f")


def _instant(text: str, zone: ZoneInfo) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)
