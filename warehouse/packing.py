"""Records of one batch as the bytes of a binary COPY into their landing table, made at once.

Row by row, a driver waits for the server every few rows, and a thread that reads the next pages meanwhile makes each wait last; one block
leaves in a few. In: what of a record is stored. Out: its row, made while other rows are on their way; columns in the order of `COLUMNS`.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import chain
from struct import Struct
from typing import Any

import psycopg
from psycopg import sql

COLUMNS = ("known_at", "load_id", "is_reconstructed", "record_id", "record_hash", "changed_at", "record")
_SIGNATURE, _END = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
_EPOCH, _MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
EPOCH_MS = 946_684_800_000  # the same in milliseconds since 1970
_COUNT, _LENGTH, _INSTANT, _FLAG = Struct(">h"), Struct(">i"), Struct(">iq"), Struct(">i?")
DIGEST = 64  # characters of a sha256 in hex
_VERSION = 1  # of jsonb's format; the text follows


def block_of(heads: Iterable[bytes], texts: Iterable[bytes]) -> bytes:
    """Rows as one: the head of each and its JSON."""
    return b"".join(chain.from_iterable(zip(heads, texts, strict=True)))


def append_packed(
    connection: psycopg.Connection, table: str, block: bytes, count: int, meanwhile: Callable[[], Any]
) -> int:
    """Append a block of `count` rows to `table` ("schema.name") inside the caller's transaction; returns their number. `meanwhile`: called
    once all has been sent, before the server is waited for.

    Raises RuntimeError when the server counted another number than was sent.
    """
    target = sql.SQL("copy {} ({}) from stdin (format binary)").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    )
    with connection.cursor() as cursor:
        with cursor.copy(target) as copy:
            for part in (_SIGNATURE, block, _END):
                copy.write(part)
            meanwhile()
        if cursor.rowcount != count:
            raise RuntimeError(
                f"COPY into {table} reported {cursor.rowcount} of {count} rows: nothing was kept, rerun the step"
            )
    return count


def heads_of(
    ids: Sequence[str], digests: Sequence[str], changes: Sequence[int], sizes: Iterable[int], starts: Iterable[bytes]
) -> list[bytes]:
    """What stands before the JSON in each row: id, hash, `microseconds` of the change, size of the JSON; `starts`: what others have too."""
    keys = list(map(str.encode, ids))
    told = zip(starts, keys, map(str.encode, digests), changes, sizes, strict=True)
    return [
        _head(len(start), len(key)).pack(start, len(key), key, DIGEST, digest, 8, at, size + 1, _VERSION)
        for start, key, digest, at, size in told
    ]


def microseconds(at: datetime) -> int:
    """An instant as PostgreSQL counts."""
    return (at - _EPOCH) // _MICROSECOND


def instant(microseconds: int) -> datetime:
    """The instant that PostgreSQL counts so."""
    return _EPOCH + timedelta(microseconds=microseconds)


@cache
def _head(start: int, key: int) -> Struct:
    """Shared columns and record_id of so many bytes, record_hash, changed_at, each behind its length; what comes before the JSON's text."""
    return Struct(f">{start}si{key}si{DIGEST}siqib")


@lru_cache(maxsize=64)
def row_start(known_at: datetime, load_id: str, is_reconstructed: bool) -> bytes:
    """The columns that the records of one walk share, and how many there are."""
    name = load_id.encode()
    shared = _LENGTH.pack(len(name)) + name + _FLAG.pack(1, is_reconstructed)
    return _COUNT.pack(len(COLUMNS)) + _INSTANT.pack(8, microseconds(known_at)) + shared
