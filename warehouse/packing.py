"""Records of one batch as the bytes of a binary COPY into their landing table, made at once.

Row by row, a driver waits for the server every few rows, and a thread that reads the next pages meanwhile makes each wait last; one block
leaves in a few. In: what of a record is stored. Out: its row, made while other rows are on their way; columns in the order of `COLUMNS`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from struct import Struct

import psycopg
from psycopg import sql

COLUMNS = ("record_id", "record", "record_hash", "changed_at", "known_at", "load_id", "is_reconstructed")
_SIGNATURE, _END = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
_EPOCH, _MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_HEAD, _LENGTH, _INSTANT, _FLAG = Struct(">hi"), Struct(">i"), Struct(">iq"), Struct(">i?")
DIGEST = 64  # characters of a sha256 in hex
_JSON, _VERSION = Struct(">ib"), 1  # of jsonb's format; the text follows
_SEALED = Struct(f">i{DIGEST}siq")  # record_hash and changed_at, each behind its length


def append_packed(connection: psycopg.Connection, table: str, rows: Sequence[bytes]) -> int:
    """Append the rows to `table` ("schema.name") inside the caller's transaction; returns their number.

    Raises RuntimeError when the server counted another number than was sent.
    """
    target = sql.SQL("copy {} ({}) from stdin (format binary)").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    )
    with connection.cursor() as cursor:
        with cursor.copy(target) as copy:
            copy.write(b"".join([_SIGNATURE, *rows, _END]))
        if cursor.rowcount != len(rows):
            raise RuntimeError(
                f"COPY into {table} reported {cursor.rowcount} of {len(rows)} rows: nothing was kept, rerun the step"
            )
    return len(rows)


def row_of(record_id: str, text: bytes, digest: str, changed_at: datetime, end: bytes) -> bytes:
    """One record's row: its JSON, its hash and when it changed, before what the whole walk has in common."""
    key = record_id.encode()
    changed = _SEALED.pack(DIGEST, digest.encode(), 8, (changed_at - _EPOCH) // _MICROSECOND)
    return b"".join((_key_head(len(key)), key, _JSON.pack(len(text) + 1, _VERSION), text, changed, end))


@cache
def _key_head(length: int) -> bytes:
    return _HEAD.pack(len(COLUMNS), length)


@lru_cache(maxsize=64)
def row_end(known_at: datetime, load_id: str, is_reconstructed: bool) -> bytes:
    """The columns that the records of one walk share."""
    name = load_id.encode()
    instant = _INSTANT.pack(8, (known_at - _EPOCH) // _MICROSECOND)
    return instant + _LENGTH.pack(len(name)) + name + _FLAG.pack(1, is_reconstructed)
