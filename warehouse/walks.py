"""Which days a stream still owes, and the walk that reads one of them: its window, its cursor, its name.

In: the day that is read for. Out: `Walk`s with a fixed window [from, to). A killed walk is handed out again with its load id and its
last id; a finished one that is run again gets the same window and a new load id (`-r2`, `-r3` …). Nothing here moves a watermark.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from warehouse import watermarks
from warehouse.clock import business_day, cutoff
from warehouse.connection import connect
from warehouse.steps import StepError

Loading = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Walk:
    """One reading of one stream for one business day. `last_id`: where the previous attempt committed, None at the start."""

    system: str
    stream: str
    as_of: date
    window_from: datetime | None
    window_to: datetime
    is_reconstructed: bool = False
    load_id: str = ""
    last_id: str | None = None

    @property
    def table(self) -> str:
        """The landing table, schema included."""
        return f"landing.{self.system}__{self.stream}"


@contextmanager
def loading(system: str) -> Iterator[Loading]:
    """A connection as `loader` that alone may load this tenant's `system`: two extractions of it never run side by side.

    Raises StepError when another one holds the lock for longer than five seconds, or when PostgreSQL fails underneath.
    """
    with connect("loader", autocommit=True) as connection:
        try:
            connection.execute("set lock_timeout = '5s'")
            connection.execute("select pg_advisory_lock(hashtext('landfall loading ' || %s))", (system,))
            connection.execute("reset lock_timeout")
            yield connection
        except psycopg.errors.LockNotAvailable as error:
            raise StepError(f"another extraction of {system} is running: wait until it ends, then rerun") from error
        except psycopg.errors.DiskFull as error:
            raise StepError(
                "PostgreSQL has no disk space left: free some, then rerun; the walk goes on at its last page"
            ) from error
        except psycopg.OperationalError as error:
            raise StepError(
                f"PostgreSQL failed while loading ({type(error).__name__}): read its log and start it, "
                "then rerun; the walk goes on at its last page"
            ) from error


def owed(
    connection: Loading, system: str, stream: str, as_of: date, look_back: timedelta, fields: Sequence[str] = ()
) -> list[Walk]:
    """The walks that bring the stream to the end of `as_of`, oldest day first; the days before `as_of` are marked reconstructed.

    A day that was accepted already gets its former window again. Where `fields` has one that the stream's last walk did not ask for, the
    last day is read whole. Raises StepError for a day before the stream's first.
    """
    reached = watermarks.current(connection, system, stream)
    end = cutoff(as_of)
    if reached is None:
        return [Walk(system, stream, as_of, None, end)]
    if reached >= end:
        former = connection.execute(
            "select window_from, is_reconstructed from ops.loads where system = %s and stream = %s and as_of = %s and window_to = %s"
            " order by started_at limit 1",
            (system, stream, as_of, end),
        ).fetchone()
        if former is None:
            raise StepError(
                f"{system} {stream} has been read beyond {as_of} already: extract reads forward only, use `make backfill`"
            )
        return [Walk(system, stream, as_of, former[0], end, former[1])]
    first = business_day(reached)
    days = [first + timedelta(days=n) for n in range((as_of - first).days + 1)]
    starts = [reached, *(cutoff(day) for day in days[:-1])]
    walks = [
        Walk(system, stream, day, start - look_back, cutoff(day), day < as_of)
        for day, start in zip(days, starts, strict=True)
    ]
    if _asks_for_more(connection, system, stream, fields):
        walks[-1] = replace(walks[-1], window_from=None)
    return walks


def _asks_for_more(connection: Loading, system: str, stream: str, fields: Sequence[str]) -> bool:
    found = connection.execute(
        "select fields from ops.loads where system = %s and stream = %s and state = 'finished' and fields is not null"
        " order by started_at desc limit 1",
        (system, stream),
    ).fetchone()
    return found is not None and not set(fields) <= set(found[0])


def begin(connection: Loading, walk: Walk, *, kind: str = "", fields: Sequence[str] | None = None) -> Walk:
    """Start `walk`, or take it up where it was killed: the same load id, window and last committed id.

    `kind` distinguishes walks of one stream and day that read another source (a go-live export); `fields` is what it asks for.
    """
    stem = "-".join(part for part in (f"{walk.as_of:%Y%m%d}", walk.system, walk.stream, kind) if part)
    former = connection.execute(
        "select l.load_id, l.state, c.window_from, c.window_to, c.last_id from ops.loads l join ops.cursors c using (load_id)"
        " where l.load_id = %(stem)s or l.load_id ~ ('^' || %(stem)s || '-r[0-9]+$') order by length(l.load_id) desc, l.load_id desc",
        {"stem": stem},
    ).fetchall()
    if former and former[0][1] == "running":
        load_id, _, window_from, window_to, last_id = former[0]
        return replace(walk, load_id=load_id, window_from=window_from, window_to=window_to, last_id=last_id)
    started = replace(walk, load_id=stem if not former else f"{stem}-r{len(former) + 1}")
    with connection.transaction():
        connection.execute(
            "insert into ops.loads (load_id, system, stream, as_of, window_from, window_to, is_reconstructed, fields, state)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, 'running')",
            (
                started.load_id,
                walk.system,
                walk.stream,
                walk.as_of,
                walk.window_from,
                walk.window_to,
                walk.is_reconstructed,
                None if fields is None else list(fields),
            ),
        )
        connection.execute(
            "insert into ops.cursors (load_id, system, stream, window_from, window_to, state) values (%s, %s, %s, %s, %s, 'running')",
            (started.load_id, walk.system, walk.stream, walk.window_from, walk.window_to),
        )
    return started


def has_finished(connection: Loading, system: str, stream: str, kind: str) -> bool:
    """Whether a walk of that kind over the stream has ended, whatever its day."""
    found = connection.execute(
        "select exists (select from ops.loads where system = %s and stream = %s and state = 'finished'"
        " and load_id ~ %s)",
        (system, stream, f"-{kind}(-r[0-9]+)?$"),
    ).fetchone()
    return bool(found and found[0])


def note_held_back(connection: Loading, walk: Walk, count: int, requests: int) -> None:
    """Keep how many records changed after the window's end and wait for the next night."""
    connection.execute(
        "update ops.loads set held_back = %s, requests = requests + %s where load_id = %s",
        (count, requests, walk.load_id),
    )
