"""A page of a walk becomes records that can be landed and rejects with their reason, by the stream's own data alone.

In: flat records by the tenant's names. Out: the mapping's fields that are not null by our names, the record's id and the instant of its
change. Where a source dates no change, a record takes the day it was read for.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.settings import settings
from connectors.decoding import fault, raw_text
from connectors.streams import Changed, Stream
from connectors.translation import NotAmountError, translated
from warehouse.clock import cutoff
from warehouse.landing import Record, Reject
from warehouse.walks import Walk

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MS = 253402300800000  # year 10000
WORDS = {
    "ms": "a number of milliseconds",
    "s": "a number of seconds",
    "iso": "an instant with offset",
    "local": "a local time",
}


def milliseconds(instant: datetime) -> int:
    """`instant` in milliseconds since 1970."""
    return (instant - EPOCH) // timedelta(milliseconds=1)


def instant_of(value: Any) -> datetime | None:
    """Epoch milliseconds as an instant, None when they are not such."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < LAST_MS:
        return None
    return EPOCH + timedelta(milliseconds=value)


def _of_text(value: Any, zone: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    if zone is not None:
        return None if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone or settings().time_zone)).astimezone(UTC)
    return found.astimezone(UTC) if found.tzinfo else None


def _reader(changed: Changed) -> Callable[[Any], datetime | None]:
    if changed.unit == "ms":
        return instant_of
    if changed.unit == "s":
        return lambda value: (
            instant_of(value * 1000) if isinstance(value, int) and not isinstance(value, bool) else None
        )
    return lambda value: _of_text(value, changed.zone if changed.unit == "local" else None)


def read_page(stream: Stream, walk: Walk, rows: list[Any]) -> tuple[list[Record], list[Reject]]:
    """The records of a page that can be landed, known from the end of the walk's day on, and those that cannot, with the reason.

    A source that judges its rows itself hands over its rejects among them."""
    names = list(zip(stream.names, stream.projection, strict=True))
    read = _reader(stream.changed) if stream.changed else None
    records, rejects = [], []
    for row in rows:
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        asked = {ours: row[name] for ours, name in names if row.get(name) is not None} if isinstance(row, dict) else {}
        record_id, changed_at, reason = _judged(stream, walk, asked, read)
        try:
            asked = translated(stream, asked)
        except NotAmountError as error:
            reason = reason or str(error)
        if record_id is not None and changed_at is not None and not reason:
            records.append(Record(record_id, asked, changed_at, cutoff(walk.as_of), walk.is_reconstructed))
        else:
            rejects.append(Reject(reason, raw_text(row), record_id))
    return records, rejects


def _judged(
    stream: Stream, walk: Walk, asked: dict[str, Any], read: Callable[[Any], datetime | None] | None
) -> tuple[str | None, datetime | None, str]:
    """Id, instant of change, and why the record cannot be landed ("" when it can)."""
    record_id = record_id_of(stream, asked)
    found = fault(asked)
    if found:
        return record_id, None, f"the record holds {found}"
    if record_id is None:
        return None, None, f"the record has no {', '.join(stream.key)}"
    if stream.changed is None or read is None:
        return record_id, cutoff(walk.as_of - timedelta(days=1)), ""
    changed_at = read(asked.get(stream.changed.field))
    if changed_at is None:
        return record_id, None, f"{stream.changed.field} is not {WORDS[stream.changed.unit]}"
    if changed_at >= walk.window_to or (walk.window_from and changed_at < walk.window_from):
        return record_id, None, f"{stream.changed.field} lies outside the window that was asked for"
    return record_id, changed_at, ""


def record_id_of(stream: Stream, row: dict[str, Any]) -> str | None:
    """The parts of the stream's key joined by "|", None where one is missing or unlandable."""
    parts = [row.get(name) for name in stream.key]
    if any(not isinstance(part, str | int) or isinstance(part, bool) or part == "" or fault(part) for part in parts):
        return None
    return "|".join(map(str, parts))
