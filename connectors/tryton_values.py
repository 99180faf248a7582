"""Tryton's JSON: values that JSON lacks travel as objects with a `__class__`.

In: a record as the server sends it. Out: a flat one that can be landed: decimals as text (no cent is lost in a float), days and instants
in ISO form (instants are UTC, the server's only zone), a field of a linked record under the dotted name it was asked by.
"""

from datetime import UTC, date, datetime
from typing import Any

PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


def encoded(value: datetime | date) -> dict[str, Any]:
    """The wire form of an instant or a day."""
    if not isinstance(value, datetime):
        return {"__class__": "date", **{part: getattr(value, part) for part in PARTS[:3]}}
    utc = value.astimezone(UTC)
    return {"__class__": "datetime", **{part: getattr(utc, part) for part in PARTS}}


def plain(value: Any) -> Any:
    """One value without its wrapping."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("__class__")
    if kind == "Decimal":
        return value["decimal"]
    if kind == "date":
        return date(*(value[part] for part in PARTS[:3])).isoformat()
    if kind == "datetime":
        year, month, day, hour, minute, second, microsecond = (value[part] for part in PARTS)
        return datetime(year, month, day, hour, minute, second, microsecond, UTC).isoformat()
    if kind == "timedelta":
        return value["seconds"]
    return {name: plain(inner) for name, inner in value.items()}


def flat(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The record by the names it was asked by: `{"currency.": {"code": "EUR"}}` becomes `{"currency.code": "EUR"}`."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        if not name.endswith("."):
            found[prefix + name] = plain(value)
        elif isinstance(value, dict):
            found |= flat(value, prefix + name)
    return found
