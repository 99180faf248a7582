"""A page of a walk becomes records that can be landed and rejects with their reason, by the stream's own data alone.

In: flat records by the tenant's names. Out: the mapping's fields that are not null by our names, the record's id and the instant of its
change. Where a source dates no change, a record takes the day it was read for.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from config.settings import settings
from connectors.decoding import ESCAPE, NUL, fault, raw_text
from connectors.scrub import may_name_a_person
from connectors.sealing import LONGEST_ID, Opened, Sealer
from connectors.streams import Changed, Stream
from connectors.translation import NotAmountError, translated
from warehouse.batches import Batch, batch_of, is_hashed
from warehouse.clock import cutoff
from warehouse.landing import Record, Reject
from warehouse.walks import Walk

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MS = 253402300800000  # year 10000
FIRST_MS = 10**11  # anything smaller is seconds
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
    if type(value) is not int or not 0 <= value < LAST_MS:
        return None
    return EPOCH + timedelta(0, 0, 0, value)


def moment_of(value: Any, zone: str) -> datetime | None:
    """An instant in whichever form a vendor writes it: milliseconds or seconds since 1970, text with or without an offset."""
    if type(value) is int:
        return instant_of(value if value >= FIRST_MS else value * 1000)
    return _of_text(value, None) or _of_text(value, zone)


def _of_text(value: Any, zone: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    if zone is not None:
        return None if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone or settings().time_zone)).astimezone(UTC)
    return found.astimezone(UTC) if found.tzinfo else None


def _instant_reader(changed: Changed) -> Callable[[Any], datetime | None]:
    if changed.unit == "ms":
        return instant_of
    if changed.unit == "s":
        return lambda value: (
            instant_of(value * 1000) if isinstance(value, int) and not isinstance(value, bool) else None
        )
    return lambda value: _of_text(value, changed.zone if changed.unit == "local" else None)


def read_page(stream: Stream, walk: Walk, rows: Sequence[Any]) -> tuple[list[Record], list[Reject]]:
    """The records of a page that can be landed, known from the end of the walk's day on, and those that cannot, with the reason."""
    return Reader(stream, walk).records(rows)


class Reader:
    """What the rows of one walk are read by, made ready once: a reading of millions takes its time for what is done row by row."""

    def __init__(self, stream: Stream, walk: Walk) -> None:
        names = list(zip(stream.names, stream.projection, strict=True))
        self._told = [(ours, theirs) for ours, theirs in names if is_hashed(ours, stream.bookkeeping)]
        self._rest = [(ours, theirs) for ours, theirs in names if not is_hashed(ours, stream.bookkeeping)]
        self._stream, self._walk, self._known_at = stream, walk, cutoff(walk.as_of)
        self._key, self._window = stream.key, (walk.window_from, walk.window_to)
        self._is_changed_aside = stream.changed is not None and not is_hashed(stream.changed.field, stream.bookkeeping)
        self._is_sealing = not (stream.filled_by or stream.classified)
        self._spoken = stream.spoken
        self._instant = _instant_reader(stream.changed) if stream.changed else None
        self._of_the_day = cutoff(walk.as_of - timedelta(days=1))
        is_plain = len(stream.key) == 1 and (stream.changed is None or stream.changed.field in stream.names)
        is_plain = is_plain and not stream.filled_by and stream.key[0] not in stream.classified
        self._sealer = Sealer(stream, walk, self._instant) if is_plain else None

    def page(self, rows: Sequence[Any]) -> tuple[list[Record] | Opened | Batch, list[Reject]]:
        """What of a page lands: a batch where it lands as it is, so that a long reading holds no more than what it will write; an open page
        where people's fields are to be replaced; and records where these are no texts, or where a title may name a person."""
        opened, left = (self._sealer and self._sealer.opened(rows)) or (None, rows)
        records, rejects = self.records(left)
        if opened and not records:
            return opened.sealer.sealed(opened) if self._is_sealing else opened, rejects
        if opened:
            records, rejects = self.records(rows)
        if not self._is_sealing or any(may_name_a_person(map(each.record.get, self._spoken)) for each in records):
            return records, rejects
        return batch_of(records, self._walk.load_id, self._stream.bookkeeping), rejects

    def records(self, rows: Sequence[Any]) -> tuple[list[Record], list[Reject]]:
        """The records and rejects of rows. A source that judges its rows itself hands over its rejects among them."""
        records, rejects = list[Record](), list[Reject]()
        for row in rows:
            one = row if isinstance(row, Reject) else self.read(row)
            if isinstance(one, Record):
                records.append(one)
            else:
                rejects.append(one)
        return records, rejects

    def read(self, row: Any) -> Record | Reject:
        """The row as a record, or why it cannot be landed."""
        get = row.get if isinstance(row, dict) else {}.get
        told = {ours: value for ours, theirs in self._told if (value := get(theirs)) is not None}
        rest = {ours: value for ours, theirs in self._rest if (value := get(theirs)) is not None}
        record_id = record_id_of(self._key, told)
        try:
            text = orjson.dumps(told | rest)
            found = fault(told | rest) if ESCAPE in text and NUL in text else None
        except TypeError:
            found = fault(told | rest)
        if found:
            return Reject(f"the record holds {found}", raw_text(row), record_id)
        if record_id is None:
            return Reject(f"the record has no {', '.join(self._stream.key)}", raw_text(row))
        if len(record_id) > LONGEST_ID:
            return Reject(f"{', '.join(self._stream.key)} is longer than {LONGEST_ID} characters", raw_text(row))
        changed_at = self._changed(rest if self._is_changed_aside else told)
        if isinstance(changed_at, str):
            return Reject(changed_at, raw_text(row), record_id)
        try:
            record = translated(self._stream, told | rest)
        except NotAmountError as error:
            return Reject(str(error), raw_text(row), record_id)
        return Record(record_id, record, changed_at, self._known_at, self._walk.is_reconstructed)

    def _changed(self, record: dict[str, Any]) -> datetime | str:
        """The instant of the record's change, or what is wrong with it."""
        changed, (begin, end) = self._stream.changed, self._window
        if changed is None or self._instant is None:
            return self._of_the_day
        at = self._instant(record.get(changed.field))
        if at is None:
            return f"{changed.field} is not {WORDS[changed.unit]}"
        if at >= end or (begin is not None and at < begin):
            return f"{changed.field} lies outside the window that was asked for"
        return at


def record_id_of(key: list[str], row: dict[str, Any]) -> str | None:
    """The parts of the key joined by "|", None where one is missing or unlandable."""
    if len(key) == 1:
        value = row.get(key[0])
        if type(value) is str and value and value.isascii() and "\x00" not in value:
            return value  # nearly all of them
    parts = [row.get(name) for name in key]
    if any(not isinstance(part, str | int) or isinstance(part, bool) or part == "" or fault(part) for part in parts):
        return None
    return "|".join(map(str, parts))
