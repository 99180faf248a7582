"""One walk over one stream of the CRM: every record changed within the walk's window, page by page, landed as it comes.

In: a stream, a walk with a fixed window [from, to). Out: landed pages and a tally. A killed walk goes on behind its last landed id.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.decoding import fault, raw_text
from connectors.fxiaoke import PAGE, Fxiaoke
from connectors.privacy import protect
from connectors.streams import Stream
from warehouse.clock import cutoff
from warehouse.landing import PageCounts, Record, Reject, land_page
from warehouse.steps import StepError
from warehouse.walks import Loading, Walk, begin, note_held_back

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Tally:
    """What the walks of one stream came to in one night."""

    days: int = 0
    pages: int = 0
    received: int = 0
    landed: int = 0
    unchanged: int = 0
    echoed: int = 0
    quarantined: int = 0
    held_back: int = 0

    def add(self, page: PageCounts) -> None:
        """Count one page."""
        self.pages += 1
        self.received += page.received
        self.landed += page.landed
        self.unchanged += page.unchanged
        self.echoed += page.echoed
        self.quarantined += page.quarantined


def milliseconds(instant: datetime) -> int:
    """`instant` in the CRM's unit."""
    return (instant - EPOCH) // timedelta(milliseconds=1)


def instant_of(value: Any) -> datetime | None:
    """The CRM's epoch milliseconds as an instant, None when they are not such."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 253402300800000:
        return None
    return EPOCH + timedelta(milliseconds=value)


def window_filters(walk: Walk, last_id: str | None) -> list[dict[str, Any]]:
    """The filters that ask for the walk's next page: within the window, behind `last_id`."""
    start = milliseconds(walk.window_from) if walk.window_from else 0
    filters = [
        ("last_modified_time", "GTE", str(start)),
        ("last_modified_time", "LT", str(milliseconds(walk.window_to))),
    ]
    if last_id is not None:
        filters.append(("_id", "GT", last_id))
    return [{"field_name": field, "operator": operator, "field_values": [value]} for field, operator, value in filters]


def walk_stream(connection: Loading, crm: Fxiaoke, stream: Stream, owed: Walk, tally: Tally) -> Walk:
    """Read the whole window of `owed` and land it. Returns the walk as it was begun."""
    walk = begin(connection, owed)
    tally.days += 1
    last_id, is_last = walk.last_id, False
    while not is_last:
        sent = crm.requests
        rows = crm.query(stream.object, window_filters(walk, last_id), stream.projection)
        is_last = len(rows) < PAGE
        last_id = _behind(rows, last_id, stream, must_move=not is_last)
        records, rejects = read_page(stream, walk, rows)
        protect(connection, [record.record for record in records], stream.classified, walk.load_id)
        tally.add(
            land_page(
                connection, walk, records, rejects, last_id=last_id, requests=crm.requests - sent, is_last=is_last
            )
        )
    return walk


def read_page(stream: Stream, walk: Walk, rows: list[Any]) -> tuple[list[Record], list[Reject]]:
    """The records of a page that can be landed, known from the end of the walk's day on, and those that cannot, with the reason."""
    records, rejects = [], []
    for row in rows:
        asked = (
            {name: row[name] for name in stream.projection if row.get(name) is not None}
            if isinstance(row, dict)
            else {}
        )
        record_id, changed_at = asked.get("_id"), instant_of(asked.get("last_modified_time"))
        found = fault(asked)
        if found:
            reason = f"the record holds {found}"
        elif not isinstance(record_id, str) or not record_id:
            reason = "the record has no _id"
        elif changed_at is None:
            reason = "last_modified_time is not a number of milliseconds"
        elif changed_at >= walk.window_to or (walk.window_from and changed_at < walk.window_from):
            reason = "last_modified_time lies outside the window that was asked for"
        else:
            records.append(Record(record_id, asked, changed_at, cutoff(walk.as_of), walk.is_reconstructed))
            continue
        known = record_id if isinstance(record_id, str) and fault(record_id) is None else None
        rejects.append(Reject(reason, raw_text(row), known))
    return records, rejects


def count_held_back(connection: Loading, crm: Fxiaoke, stream: Stream, walk: Walk, our_user: str) -> int:
    """Note how many records (at most 100) others changed after the walk's window, which the next night will bring."""
    sent = crm.requests
    after = {"field_name": "last_modified_time", "operator": "GTE", "field_values": [str(milliseconds(walk.window_to))]}
    rows = crm.query(stream.object, [after], ["_id", "last_modified_by"])
    count = sum(
        1 for row in rows if isinstance(row, dict) and row.get("last_modified_by") not in (our_user, [our_user])
    )
    note_held_back(connection, walk, count, crm.requests - sent)
    return count


def _behind(rows: list[Any], last_id: str | None, stream: Stream, *, must_move: bool) -> str | None:
    seen = [
        row["_id"]
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("_id"), str) and fault(row["_id"]) is None
    ]
    newest = max(seen, default=None)
    if must_move and (newest is None or (last_id is not None and newest <= last_id)):
        raise StepError(
            f"Fxiaoke repeats a page of {stream.object} instead of going on behind the last id: ask its support, then rerun"
        )
    return newest or last_id
