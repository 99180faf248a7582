"""The landing contract: raw records are appended and their walk's cursor moves in one transaction a page.

In: a page of records and of rejects. Out: what landed, what said nothing new, what was set aside; for every page
received = landed + unchanged + quarantined. A record lands unless its hash equals that of the newest version of its id not later than
its own changed_at. Our own score fields and the source's bookkeeping are outside the hash: what we write comes back as `echoed`.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from warehouse.batches import BOOKKEEPING, Batch, batch_of
from warehouse.clock import cutoff
from warehouse.failpoints import failpoint
from warehouse.judging import is_untouched, judged
from warehouse.packing import append_packed
from warehouse.parts import Part, count_part
from warehouse.walks import Loading, Walk

TOMBSTONE = {"is_deleted": True}


class Record(NamedTuple):
    """One version of one record as its source shows it; people's fields are tokens already."""

    record_id: str
    record: dict[str, Any]
    changed_at: datetime
    known_at: datetime
    is_reconstructed: bool = False


@dataclass(frozen=True, slots=True)
class Reject:
    """What arrived and cannot be landed. `reason` never quotes values; the raw text goes to the vault."""

    reason: str
    raw: bytes
    record_id: str | None = None
    line_number: int | None = None


@dataclass(frozen=True, slots=True)
class PageCounts:
    """What became of a page's records. `echoed` is part of `unchanged`."""

    landed: int = 0
    unchanged: int = 0
    echoed: int = 0
    quarantined: int = 0

    @property
    def received(self) -> int:
        """All records of the page."""
        return self.landed + self.unchanged + self.quarantined


def _nothing() -> None:
    """Nobody waits for the server to be at work."""


def land_page(
    connection: Loading,
    walk: Walk,
    records: Sequence[Record] | Batch,
    rejects: Sequence[Reject] = (),
    *,
    last_id: str | None,
    requests: int = 0,
    pages: int = 1,
    is_last: bool = False,
    bookkeeping: Collection[str] = BOOKKEEPING,
    part: Part | None = None,
    meanwhile: Callable[[], Any] = _nothing,
) -> PageCounts:
    """Append one page (or several in a row, which count as `pages`) to the walk's table and move its cursor to `last_id`, all or nothing.

    `is_last` finishes the walk; `bookkeeping`: the source's fields that say nothing about the record; `part`: what of the walk the page
    belongs to, counted by itself; `meanwhile`: called when the server is at work, once or more, if it has anything to do."""
    failpoint("landing.before")
    batch = records if isinstance(records, Batch) else batch_of(records, walk.load_id, bookkeeping)
    with ExitStack() as page:
        # answered together: the server waits for us once; connection.transaction() would keep the pipeline, and COPY wants none
        with connection.pipeline():
            page.enter_context(psycopg.Transaction(connection))
            is_new = not batch.ids or is_untouched(connection, walk.table, batch)
        landed, unchanged, echoed = _append(connection, walk, batch, meanwhile, is_new=is_new)
        # what we write moves a source's bookkeeping: without any, the same again is read again, not echoed
        counts = PageCounts(landed, unchanged, echoed if bookkeeping else 0, len(rejects))
        with connection.pipeline():
            _set_aside(connection, walk, rejects)
            if part is not None:
                count_part(connection, walk, part, counts)
            _move_cursor(connection, walk, counts, last_id, requests, is_last, pages)
        failpoint("landing.inside")
    failpoint("landing.after")
    return counts


def finish_walk(connection: Loading, walk: Walk, gone: Sequence[str]) -> PageCounts:
    """End a walk whose last page has landed; the records `gone` become tombstones at the last instant of its window."""
    at, known_at = walk.window_to - timedelta(microseconds=1), cutoff(walk.as_of)
    graves = [Record(record_id, TOMBSTONE, at, known_at, walk.is_reconstructed) for record_id in gone]
    with connection.transaction():
        landed, unchanged, _ = _append(connection, walk, batch_of(graves, walk.load_id))
        counts = PageCounts(landed, unchanged)
        _move_cursor(connection, walk, counts, None, 0, is_last=True, pages=int(bool(graves)))
    return counts


def _append(
    connection: Loading, walk: Walk, batch: Batch, meanwhile: Callable[[], Any] = _nothing, *, is_new: bool = False
) -> tuple[int, int, int]:
    if not batch.ids:
        return 0, 0, 0
    if not is_new:
        meanwhile()  # each id is looked up, which takes the server a while
    found = judged(connection, walk.table, batch, is_new=is_new)
    count = len(found.news)
    landed = append_packed(connection, walk.table, batch.chosen(found.news), count, meanwhile) if count else 0
    return landed, found.unchanged, found.echoed


def _set_aside(connection: Loading, walk: Walk, rejects: Sequence[Reject]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "with noted as (insert into ops.quarantine (load_id, system, stream, record_id, line_number, reason)"
            " values (%s, %s, %s, %s, %s, %s) returning quarantine_id)"
            " insert into vault.quarantined (quarantine_id, raw) select quarantine_id, %s from noted",
            [
                (walk.load_id, walk.system, walk.stream, each.record_id, each.line_number, each.reason, each.raw)
                for each in rejects
            ],
        )


def _move_cursor(
    connection: Loading,
    walk: Walk,
    counts: PageCounts,
    last_id: str | None,
    requests: int,
    is_last: bool,
    pages: int,
) -> None:
    state = "finished" if is_last else "running"
    connection.execute(
        "update ops.cursors set last_id = coalesce(%s, last_id), state = %s, updated_at = clock_timestamp() where load_id = %s",
        (last_id, state, walk.load_id),
    )
    connection.execute(
        "update ops.loads set pages = pages + %s, requests = requests + %s, received = received + %s, landed = landed + %s,"
        " unchanged = unchanged + %s, echoed = echoed + %s, quarantined = quarantined + %s, state = %s,"
        " finished_at = case when %s then clock_timestamp() end where load_id = %s",
        (
            pages,
            requests,
            counts.received,
            counts.landed,
            counts.unchanged,
            counts.echoed,
            counts.quarantined,
            state,
            is_last,
            walk.load_id,
        ),
    )
