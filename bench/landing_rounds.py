"""Rows a second that a walk lands, against COPY of the same records into a bare jsonb column of the same server.

In: a stream and its answers as bytes. Out: a figure; two for a stream with personal fields: beside a limit that keeps these once each under
a key, the least that any vault owes, and beside the bare one. Both begin at the bytes: the limit decodes each answer and copies every
record; ours is the walk itself, with reading, vault, hash, quarantine, ledger and cursor. A-B-A-B-A: each of our rounds is compared with
the mean of the limit's rounds before and after it. Both commit as often, over one connection, whose server's process has a core of its
own where there are two. CPU seconds are those of this process and of that one.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

import orjson
from psycopg import sql
from psycopg.types.json import Jsonb

from bench.extraction_figures import Figure
from bench.world import rows_of, whole
from connectors.batching import ROWS
from connectors.fxiaoke import Fxiaoke
from connectors.fxiaoke_query import found
from connectors.sources import Page
from connectors.streams import Stream, mapping_of
from connectors.walk import Tally, walk_stream
from warehouse.frames import append_rows
from warehouse.walks import Loading, Walk, loading

GOAL, BLOCKER = 0.70, 0.5
BAD_EVERY = 1000  # one record in so many is quarantined
LIMITS = (  # tables that are logged like the others, in the bench's own database
    "create table if not exists landing.bench_bare (record jsonb)",
    "create table if not exists landing.bench_kept (value text primary key)",
    "grant insert on landing.bench_bare, landing.bench_kept to loader",
)
_KEEP = "insert into landing.bench_kept select distinct unnest(%s::text[]) on conflict do nothing"
Measured = tuple[float, float]


class Held(Fxiaoke):
    """The CRM with its answers at hand: what is left is decoding."""

    def __init__(self, bodies: list[bytes]) -> None:
        super().__init__()
        self._bodies = bodies

    def pages(self, _stream: Stream, _walk: Walk) -> Iterator[Page]:
        """Every answer in order."""
        for number, body in enumerate(self._bodies, 1):
            rows = found(body)["data"]["dataList"]
            yield Page(rows, rows[-1]["_id"], number == len(self._bodies))


def landing(stream_name: str, bodies: list[bytes], rounds: int) -> list[Figure]:
    """The figures of one stream."""
    stream, bodies = mapping_of("fxiaoke").streams[stream_name], [_with_bad(body) for body in bodies]
    rows = sum(len(rows_of(body)) for body in bodies)
    personal = [
        theirs for ours, theirs in zip(stream.names, stream.projection, strict=True) if ours in stream.classified
    ]
    note = f"{rows:,} records, {len(personal)} fields into the vault"
    kinds = (
        {f"{note}, beside a limit that keeps them": personal, f"{note}, beside a limit without": ()}
        if personal
        else {note: ()}
    )
    own, limits = list[Measured](), {kind: list[Measured]() for kind in kinds}
    with loading("fxiaoke") as connection, _apart(connection.info.backend_pid):
        _as_owner(connection, *LIMITS)
        for number in range(rounds + 1):
            if number:
                _emptied(connection, stream_name)
                source = Held(bodies)
                own.append(_timed(connection, partial(_walked, connection, source, stream, rows)))
                source.close()
            for kind, kept in kinds.items():
                _as_owner(connection, "truncate landing.bench_bare, landing.bench_kept")
                limits[kind].append(_timed(connection, partial(_copied, connection, bodies, kept)))
    return [
        _figure(stream_name, kind, rows, own, limits[kind], is_judged=not number) for number, kind in enumerate(kinds)
    ]


def _figure(
    stream_name: str, note: str, rows: int, own: list[Measured], limits: list[Measured], *, is_judged: bool
) -> Figure:
    around = [((before[0] + after[0]) / 2, (before[1] + after[1]) / 2) for before, after in pairwise(limits)]
    return Figure(
        f"landing, {stream_name}", "rows/s", [rows / wall for wall, _ in own], [rows / wall for wall, _ in around],
        [mine[1] / theirs[1] for mine, theirs in zip(own, around, strict=True)], GOAL, BLOCKER if is_judged else None, note,
    )  # fmt: skip


def _with_bad(body: bytes) -> bytes:
    """The answer with one record in `BAD_EVERY` made unreadable."""
    payload = orjson.loads(body)
    for row in payload["data"]["dataList"]:
        if int(row["_id"][-8:], 16) % BAD_EVERY == 0:
            row["last_modified_time"] = "not a time"
    return orjson.dumps(payload)


@contextmanager
def _apart(server: int) -> Iterator[None]:
    """A core for the server's process and the others for this one: some kernels leave two that wait for each other on one core."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if len(cores) < 2:
        yield
        return
    os.sched_setaffinity(server, {max(cores)})
    os.sched_setaffinity(0, cores - {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _copied(connection: Loading, bodies: list[bytes], kept: Sequence[str]) -> None:
    values = list[str]()

    def records() -> Iterator[tuple[Jsonb]]:
        for body in bodies:
            for row in rows_of(body):
                values.extend(row[name] for name in kept if row.get(name))
                yield (Jsonb(orjson.dumps(row), dumps=bytes),)

    coming, is_whole = records(), True
    while is_whole:  # a commit each, and each record is decoded while the server takes the one before
        with connection.transaction():
            is_whole = append_rows(connection, "landing.bench_bare", {"record": "jsonb"}, islice(coming, ROWS)) == ROWS
            if values:
                connection.execute(_KEEP, (values,))
                values.clear()


def _walked(connection: Loading, source: Held, stream: Stream, rows: int) -> None:
    tally = Tally()
    walk_stream(connection, source, stream, whole(stream.name), tally)
    if tally.received != rows or tally.landed + tally.quarantined != rows:
        raise RuntimeError(f"{stream.name}: {tally} of {rows} records")


def _emptied(connection: Loading, stream_name: str) -> None:
    tables = sql.SQL(", ").join(
        sql.Identifier(*name.split("."))
        for name in (f"landing.fxiaoke__{stream_name}", "vault.persons", "vault.quarantined", "ops.quarantine")
    )
    _as_owner(connection, sql.SQL("truncate {}").format(tables).as_string(connection))


def _as_owner(connection: Loading, *statements: str) -> None:
    connection.execute("set role owner_ddl")
    for statement in statements:
        connection.execute(statement.encode())
    connection.execute("set role loader")


def _timed(connection: Loading, step: Callable[[], None]) -> Measured:
    """Wall and CPU seconds of one round."""
    cpu, wall = _cpu_s(connection), time.perf_counter()
    step()
    return time.perf_counter() - wall, _cpu_s(connection) - cpu


def _cpu_s(connection: Loading) -> float:
    """CPU seconds so far of this process and of the server's process that serves the connection."""
    fields = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / 100
