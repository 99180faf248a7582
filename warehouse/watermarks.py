"""How far each stream has been read, checked and believed: one instant per stream, which only ever moves forward.

The landing gate moves it in the transaction of its verdict; the go-live import moves it once. No other writer.
"""

from datetime import date, datetime

import psycopg


def move(connection: psycopg.Connection, system: str, stream: str, to: datetime, as_of: date) -> bool:
    """Move the stream's watermark to `to` (the end of a finished walk's window) inside the caller's transaction.

    Returns whether it moved: a watermark at or beyond `to` stays, so a repeated or belated gate changes nothing.
    """
    moved = connection.execute(
        """insert into ops.watermarks as held (system, stream, watermark, as_of) values (%s, %s, %s, %s)
           on conflict (system, stream) do update
              set watermark = excluded.watermark, as_of = excluded.as_of, moved_at = clock_timestamp()
            where held.watermark < excluded.watermark""",
        (system, stream, to, as_of),
    )
    return moved.rowcount == 1


def current(connection: psycopg.Connection, system: str, stream: str) -> datetime | None:
    """The stream's watermark in UTC, or None when it was never read to the end."""
    found = connection.execute(
        "select watermark from ops.watermarks where system = %s and stream = %s", (system, stream)
    ).fetchone()
    return None if found is None else found[0]
