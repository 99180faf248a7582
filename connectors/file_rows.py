"""Rows of a tenant's files as standard records, by the mapping.

In: a row of text cells. Out: its record with instants as ISO 8601 with offset, days as YYYY-MM-DD and amounts as decimal text, and when it
last changed; or the reason why it cannot be read, naming column and not value.
"""

import re
from collections.abc import Collection
from datetime import datetime
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
# As offices in China write them: 2026-5-20 9:03, 2026/05/20, 2026.5.20, 2026年5月20日; a day before its month is never guessed at.
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_AMOUNT = re.compile(r"[¥￥]?\s*([+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?)\s*元?")


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
        value = value_of(STANDARD[name][field], source, row, zone)
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
    value = value_of("instant", stream.changed_at, row, zone)
    if value is None:
        raise RowError(f"{' + '.join(stream.changed_at.columns)} is empty")
    return datetime.fromisoformat(str(value))


def value_of(kind: Kind, source: Source, row: Row, zone: ZoneInfo) -> str | bool | None:
    """The cells of `source` as a value of `kind`; None where one is empty. Raises RowError that names the column."""
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
            return _moment(text).date().isoformat()
        return _FLAGS[text.lower()] if kind == "flag" else text
    except (ValueError, KeyError, OverflowError):
        raise RowError(
            f"{' + '.join(source.columns)} is not {'an' if kind in ('amount', 'instant') else 'a'} {kind}"
        ) from None


def amount_in(text: str) -> Decimal:
    """The amount that a cell says, as offices write it: `¥1,234.50`, `300元`. Raises ValueError."""
    found = _AMOUNT.fullmatch(text)
    if not found:
        raise ValueError
    return Decimal(found[1].replace(",", ""))


def _amount(text: str, source: Source) -> str | None:
    amount = amount_in(text) * source.scale
    if abs(amount) >= _LARGEST:
        raise ValueError
    return None if source.zero_as_null and amount == 0 else format(amount, "f")


def _instant(text: str, zone: ZoneInfo) -> datetime:
    instant = _moment(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)


def _moment(text: str) -> datetime:
    found = _DATE.fullmatch(text)
    if found is None:
        return datetime.fromisoformat(text)
    year, *rest = (part or "0" for part in found.groups())
    month, day, hour, minute, second = (part.zfill(2) for part in rest)
    return datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second}")


def kinds_of(texts: Collection[str]) -> set[Kind]:
    """The kinds of field that a column of these cells could fill; every column is text."""
    found: set[Kind] = {"text"}
    given = [text.strip() for text in texts if text.strip()]
    if given and all(_AMOUNT.fullmatch(text) for text in given):
        found.add("amount")
    if given and all(text.lower() in _FLAGS for text in given):
        found.add("flag")
    if given and all(_DATE.fullmatch(text) or _is_iso(text) for text in given):
        found |= {"instant", "day"}
    return found


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) >= len("2026-05-20")
