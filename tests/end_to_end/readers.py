"""People who read a line's published marts without pause, in five ways, while its nights go on.

In: a line whose first build is published. Out: what was wrong: an error, two builds in one transaction, a wait of 100 ms for a lock.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from tests.end_to_end.line import Line

NAME = "reader without pause"
PAUSE_S = 0.5  # between two looks of a reader; the nights need the cores too
ONE = "select array_agg(distinct build_id) from published.{}"
FORECAST, METRICS, BUILD = (ONE.format(mart) for mart in ("mart_period_forecast", "mart_metrics", "mart_build"))
JOINED = (
    "select array_agg(distinct f.build_id) || array_agg(distinct m.build_id) || array_agg(distinct b.build_id)"
    " from published.mart_period_forecast as f join published.mart_metrics as m using (node_id)"
    " cross join published.mart_build as b"
)
SLOW = f"{FORECAST}, lateral pg_sleep(4)"
WAYS = (  # statements that are asked in one transaction, or one by one
    ("three marts joined", True, (JOINED,)),
    ("one table", True, (FORECAST,)),
    ("a dashboard in one transaction", True, (FORECAST, METRICS, BUILD)),
    ("a dashboard of three statements", False, (FORECAST, METRICS, BUILD)),
    ("a query of four seconds", True, (SLOW,)),
)


@dataclass
class Readers:
    """What they saw: how often they looked, and each thing that was wrong."""

    looks: int = 0
    wrong: list[str] = field(default_factory=list)


@contextmanager
def reading(line: Line) -> Iterator[Readers]:
    """Read until the block ends."""
    seen, ended = Readers(), threading.Event()
    threads = [threading.Thread(target=_read, args=(line, seen, ended, *way), daemon=True) for way in WAYS]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        ended.set()
        for thread in threads:
            thread.join(timeout=60)


def _read(
    line: Line, seen: Readers, ended: threading.Event, way: str, is_at_once: bool, asked: tuple[str, ...]
) -> None:
    with line.connection(role="checker", name=NAME) as connection:
        connection.execute("set lock_timeout = '100ms'")
        while not ended.wait(PAUSE_S):
            try:
                builds = list[set[str]]()
                if is_at_once:
                    with connection.transaction():
                        connection.execute("set transaction isolation level repeatable read")
                        builds.append(set().union(*(_builds(connection, each) for each in asked)))
                else:
                    builds += [_builds(connection, each) for each in asked]
            except psycopg.Error as error:
                seen.wrong.append(f"{way}: {error!r}")
                return
            seen.looks += 1
            seen.wrong += [f"{way}: builds {sorted(found)}" for found in builds if len(found) != 1]


def _builds(connection: psycopg.Connection, query: str) -> set[str]:
    found = connection.execute(query.encode()).fetchone()
    return set(found[0] or ()) if found else set()
