"""A page of a walk becomes records that can be landed and rejects with their reason, by the stream's own data alone.

In: flat records by the tenant's names. Out: the mapping's fields that are not null by our names, the record's id and the instant of its
change. Where a source dates no change, a record takes the day it was read for.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from config.settings import settings
from connectors.decoding import NUL, fault, raw_text
from connectors.streams import Changed, Stream
from connectors.translation import NotAmountError, translated
from warehouse.clock import cutoff
from warehouse.landing import Record, Reject, Seal, seal
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
    judge = _Judge(stream, walk)
    known_at, records, rejects = cutoff(walk.as_of), [], []
    for row in rows:
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        asked = (
            {ours: value for ours, theirs in names if (value := row.get(theirs)) is not None}
            if isinstance(row, dict)
            else {}
        )
        record_id, changed_at, reason, sealed = judge.verdict(asked)
        if stream.filled_by:
            try:
                asked = translated(stream, asked)
            except NotAmountError as error:
                reason = reason or str(error)
        if record_id is not None and changed_at is not None and not reason:
            records.append(Record(record_id, asked, changed_at, known_at, walk.is_reconstructed, sealed))
        else:
            rejects.append(Reject(reason, raw_text(row), record_id))
    return records, rejects


class _Judge:
    """What makes a record of one walk landable."""

    def __init__(self, stream: Stream, walk: Walk) -> None:
        self._stream, self._walk = stream, walk
        self._read = _reader(stream.changed) if stream.changed else None
        self._field = stream.changed.field if stream.changed else ""
        self._is_rewritten = bool(stream.filled_by or stream.classified)
        self._of_the_day = cutoff(walk.as_of - timedelta(days=1))

    def verdict(self, asked: dict[str, Any]) -> tuple[str | None, datetime | None, str, Seal | None]:
        """Id, instant of change, why the record cannot be landed ("" when it can), and its seal if it lands as it is."""
        record_id = record_id_of(self._stream, asked)
        sealed, found = self._sealed(asked)
        if found:
            return record_id, None, f"the record holds {found}", None
        if record_id is None:
            return None, None, f"the record has no {', '.join(self._stream.key)}", None
        if self._stream.changed is None or self._read is None:
            return record_id, self._of_the_day, "", sealed
        changed_at = self._read(asked.get(self._field))
        if changed_at is None:
            return record_id, None, f"{self._field} is not {WORDS[self._stream.changed.unit]}", None
        if changed_at >= self._walk.window_to or (self._walk.window_from and changed_at < self._walk.window_from):
            return record_id, None, f"{self._field} lies outside the window that was asked for", None
        return record_id, changed_at, "", sealed

    def _sealed(self, asked: dict[str, Any]) -> tuple[Seal | None, str | None]:
        """The record's seal, which one that is translated or hides people gets later; or what it holds that cannot be landed."""
        try:
            sealed = None if self._is_rewritten else seal(asked, self._stream.bookkeeping)
            text = orjson.dumps(asked) if sealed is None else sealed[0]
        except TypeError:
            return None, fault(asked)
        return sealed, fault(asked) if NUL in text else None


def record_id_of(stream: Stream, row: dict[str, Any]) -> str | None:
    """The parts of the stream's key joined by "|", None where one is missing or unlandable."""
    if len(stream.key) == 1:
        value = row.get(stream.key[0])
        if type(value) is str and value and value.isascii() and "\x00" not in value:
            return value  # nearly all of them
    parts = [row.get(name) for name in stream.key]
    if any(not isinstance(part, str | int) or isinstance(part, bool) or part == "" or fault(part) for part in parts):
        return None
    return "|".join(map(str, parts))
