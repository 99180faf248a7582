"""Records of one batch as the bytes of a binary COPY into their landing table, made at once.

Row by row, a driver waits for the server every few rows, and a thread that reads the next pages meanwhile makes each wait last; one block
leaves in a few. In: records with their seals. Out: the bytes; columns in the order of `COLUMNS`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from warehouse.landing import Record, Seal

COLUMNS = ("record_id", "record", "record_hash", "changed_at", "known_at", "load_id", "is_reconstructed")
_SIGNATURE, _END = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
_EPOCH, _MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_FIRST, _LENGTH, _INSTANT, _FLAG = Struct(">hi"), Struct(">i"), Struct(">iq"), Struct(">i?")
_JSONB = b"\x01"  # version of the format; the text follows


def append_packed(
    connection: psycopg.Connection, table: str, sealed: Iterable[tuple["Record", "Seal"]], load_id: str
) -> int:
    """Append the records to `table` ("schema.name") inside the caller's transaction; returns their number.

    Raises RuntimeError when the server counted another number than was sent.
    """
    block, sent = _packed(sealed, load_id)
    target = sql.SQL("copy {} ({}) from stdin (format binary)").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    )
    with connection.cursor() as cursor:
        with cursor.copy(target) as copy:
            copy.write(block)
        if cursor.rowcount != sent:
            raise RuntimeError(
                f"COPY into {table} reported {cursor.rowcount} of {sent} rows: nothing was kept, rerun the step"
            )
    return sent


def _packed(sealed: Iterable[tuple["Record", "Seal"]], load_id: str) -> tuple[bytes, int]:
    parts, sent, ends = [_SIGNATURE], 0, dict[tuple[datetime, bool], bytes]()
    for record, (text, digest) in sealed:
        key, known = record.record_id.encode(), (record.known_at, record.is_reconstructed)
        if known not in ends:
            ends[known] = _instant(known[0]) + _text(load_id) + _FLAG.pack(1, known[1])
        parts += (
            _FIRST.pack(len(COLUMNS), len(key)), key, _LENGTH.pack(len(text) + 1), _JSONB, text,
            _text(digest), _instant(record.changed_at), ends[known],
        )  # fmt: skip
        sent += 1
    return b"".join([*parts, _END]), sent


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def _instant(value: datetime) -> bytes:
    return _INSTANT.pack(8, (value - _EPOCH) // _MICROSECOND)
