"""Twenty publishes under readers of five kinds, one of them killed at each failpoint: no error, nothing mixed, nobody waits.

That nobody waits is told by the server and not by a clock that other work disturbs: a reader that a lock holds up for 100 ms gets an error.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import psycopg
import pytest

from config.settings import ROOT, child_environment
from tests.warehouse.nights import Nights
from warehouse.connection import connect
from warehouse.publish import publish
from warehouse.retention import retire

pytestmark = pytest.mark.soak

DAY = date(2026, 3, 2)
STALL = "set lock_timeout = '100ms'"
KILLED_ON = {5: "publish.before", 10: "publish.inside", 15: "publish.after"}
DEALS = "select min(build_id), max(build_id), count(*) from published.mart_deals"
BUILD = "select min(build_id), max(build_id), count(*) from published.mart_build"
TEAMS = "select min(build_id), max(build_id), count(*) from published.mart_teams"
JOINED = (
    "select min(least(d.build_id, b.build_id, t.build_id)), max(greatest(d.build_id, b.build_id, t.build_id)), count(*)"
    " from published.mart_deals as d cross join published.mart_build as b join published.mart_teams as t using (opportunity_id)"
)
SLOW = f"{DEALS}, lateral pg_sleep(4)"
Seen = list[tuple[object, ...]]
Ask = Callable[
    [psycopg.Connection], list[Seen]
]  # what one look saw: transactions, each with the builds of its statements


def each_by_itself(*statements: str) -> Ask:
    """Statements that commit one by one: each sees one build."""
    return lambda connection: [[connection.execute(statement.encode()).fetchone() or ()] for statement in statements]


def at_once(*statements: str) -> Ask:
    """A dashboard in one transaction: all of it sees one build."""

    def ask(connection: psycopg.Connection) -> list[Seen]:
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read")
            return [[connection.execute(statement.encode()).fetchone() or () for statement in statements]]

    return ask


READERS: dict[str, Ask] = {
    "three marts joined": each_by_itself(JOINED),
    "one table": each_by_itself(DEALS),
    "a dashboard in one transaction": at_once(DEALS, BUILD, TEAMS),
    "a dashboard of three statements": each_by_itself(DEALS, BUILD, TEAMS),
    "a query of four seconds": each_by_itself(SLOW),
}


@dataclass
class Reader:
    """One kind of reader, asking without pause."""

    ask: Ask
    ended: threading.Event = field(default_factory=threading.Event)
    seen: list[Seen] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Read until told to end."""
        with connect("bi_reader", autocommit=True) as connection:
            connection.execute(STALL)
            while not self.ended.is_set():
                try:
                    self.seen += self.ask(connection)
                except psycopg.Error as error:
                    self.errors.append(repr(error))


def build(nights: Nights, day: date) -> None:
    """A build of three marts that passed its gate."""
    deals = [(f"O-{number}", "1.00") for number in range(2000)]
    made = nights.build(day, deals)
    nights.execute(
        "transformer",
        f"create table {made.schema}.mart_teams as select build_id, opportunity_id, 'T' || right(opportunity_id, 1) as team"
        f" from {made.schema}.mart_deals",
    )
    nights.execute(
        "checker",
        "insert into ops.gate_verdicts (as_of, border, build_id, verdict, reason)"
        f" values ('{day}', 'marts', '{made.build_id}', 'passed', 'test')",
    )


def killed_at(point: str, day: date) -> int:
    """Publish in a process of its own that dies at the failpoint."""
    command = [sys.executable, "-m", "warehouse", "publish", "--as-of", day.isoformat()]
    return subprocess.run(
        command,
        env={**os.environ, **child_environment(failpoint=point)},
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=120,
    ).returncode


def test_twenty_publishes_disturb_no_reader(nights: Nights) -> None:
    build(nights, DAY)
    publish(DAY)
    readers = {name: Reader(ask) for name, ask in READERS.items()}
    threads = [threading.Thread(target=reader.run) for reader in readers.values()]
    for thread in threads:
        thread.start()
    for number in range(1, 21):
        day = DAY + timedelta(days=number)
        build(nights, day)
        if number in KILLED_ON:
            assert killed_at(KILLED_ON[number], day) == -signal.SIGKILL
        publish(day)
        retire()
    for reader in readers.values():
        reader.ended.set()
    for thread in threads:
        thread.join()
    for name, reader in readers.items():
        assert reader.errors == [], name
        builds = [{row[0] for row in seen} | {row[1] for row in seen} for seen in reader.seen]
        assert all(len(each) == 1 for each in builds), f"{name}: an answer mixed two builds"
        assert all(row[2] for seen in reader.seen for row in seen), f"{name}: an answer was empty"
    assert len({seen[0][0] for seen in readers["one table"].seen}) >= 15, (
        "the readers met too few builds for this to mean anything"
    )
