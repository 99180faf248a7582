"""How far each stream has been read, checked and believed: one instant per stream, which only ever moves forward.

The landing gate moves it in the transaction of its verdict; the go-live import moves it once. No other writer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import psycopg

_MOVE = """
    insert into ops.watermarks as held (system, stream, watermark, as_of) values (%s, %s, %s, %s)
    on conflict (system, stream) do update
       set watermark = excluded.watermark, as_of = excluded.as_of, moved_at = clock_timestamp()
     where held.watermark < excluded.watermark
"""


def move(connection: psycopg.Connection, system: str, stream: str, to: datetime, as_of: date) -> bool:
    """Move the stream's watermark to `to` (the end of a finished walk's window) inside the caller's transaction.

    Returns whether it moved: a watermark at or beyond `to` stays, so a repeated or belated gate changes nothing. The row is written as
    `checker`, whoever calls: the table has one writer.
    """
    with connection.transaction(), _as_checker(connection):
        moved = connection.execute(_MOVE, (system, stream, to, as_of))
    return moved.rowcount == 1


@contextmanager
def _as_checker(connection: psycopg.Connection) -> Iterator[None]:
    """Act as `checker` until the block ends, inside a transaction; a fault inside rolls the role back with everything else."""
    former = connection.execute("select current_setting('role')").fetchone()
    connection.execute("set local role checker")
    yield
    connection.execute("select set_config('role', %s, true)", former)


def current(connection: psycopg.Connection, system: str, stream: str) -> datetime | None:
    """The stream's watermark in UTC, or None when it was never read to the end."""
    found = connection.execute(
        "select watermark from ops.watermarks where system = %s and stream = %s", (system, stream)
    ).fetchone()
    return None if found is None else found[0]
