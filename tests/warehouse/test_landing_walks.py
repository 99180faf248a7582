"""Which days are owed, and what a killed or repeated walk gets."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from config.settings import ROOT, child_environment
from warehouse import watermarks
from warehouse.clock import cutoff
from warehouse.landing import land_page
from warehouse.steps import StepError
from warehouse.walks import Loading, Walk, begin, loading, owed

HOUR = timedelta(hours=1)


@pytest.fixture
def connection(tenant_database: str) -> Iterator[Loading]:
    with loading("fxiaoke") as open_connection:
        yield open_connection


def finish(connection: Loading, walk: Walk, fields: list[str] | None = None) -> Walk:
    begun = begin(connection, walk, fields=fields)
    land_page(connection, begun, [], last_id=None, is_last=True)
    return begun


def test_the_first_walk_reads_everything_up_to_the_end_of_the_day(connection: Loading) -> None:
    day = date(2026, 6, 30)
    assert owed(connection, "fxiaoke", "accounts", day, HOUR) == [Walk("fxiaoke", "accounts", day, None, cutoff(day))]
    assert cutoff(day) == datetime(2026, 6, 30, 16, tzinfo=UTC)


def test_missed_days_are_walked_in_order_and_marked(connection: Loading) -> None:
    last, end = date(2026, 6, 27), cutoff(date(2026, 6, 27))
    watermarks.move(connection, "fxiaoke", "leads", end, last)
    walks = owed(connection, "fxiaoke", "leads", date(2026, 6, 29), HOUR)
    assert [(walk.as_of.day, walk.window_from, walk.window_to, walk.is_reconstructed) for walk in walks] == [
        (28, end - HOUR, cutoff(date(2026, 6, 28)), True),
        (29, cutoff(date(2026, 6, 28)) - HOUR, cutoff(date(2026, 6, 29)), False),
    ]


def test_an_accepted_day_run_again_reads_its_former_window_under_a_new_name(connection: Loading) -> None:
    day = date(2026, 6, 30)
    watermarks.move(connection, "fxiaoke", "people", cutoff(day - timedelta(days=1)), day)
    first = finish(connection, owed(connection, "fxiaoke", "people", day, HOUR)[0])
    watermarks.move(connection, "fxiaoke", "people", cutoff(day), day)
    again = finish(connection, owed(connection, "fxiaoke", "people", day, HOUR)[0])
    assert (first.load_id, again.load_id) == ("20260630-fxiaoke-people", "20260630-fxiaoke-people-r2")
    assert (again.window_from, again.window_to) == (first.window_from, first.window_to)


def test_a_field_that_is_new_in_the_mapping_is_read_of_every_record_once(connection: Loading) -> None:
    first, second, third = date(2026, 6, 28), date(2026, 6, 29), date(2026, 6, 30)
    finish(connection, Walk("fxiaoke", "opportunities", first, None, cutoff(first)), ["_id", "name"])
    watermarks.move(connection, "fxiaoke", "opportunities", cutoff(first), first)
    more = ["_id", "name", "tender_kind__c"]
    (same,) = owed(connection, "fxiaoke", "opportunities", second, HOUR, ["name", "_id"])
    (whole,) = owed(connection, "fxiaoke", "opportunities", second, HOUR, more)
    assert (same.window_from, whole.window_from) == (cutoff(first) - HOUR, None)
    begin(connection, whole, fields=more)  # killed: the next try goes on with it
    assert owed(connection, "fxiaoke", "opportunities", second, HOUR, more)[0].window_from is None
    finish(connection, whole, more)
    watermarks.move(connection, "fxiaoke", "opportunities", cutoff(second), second)
    assert owed(connection, "fxiaoke", "opportunities", third, HOUR, more)[0].window_from == cutoff(second) - HOUR


def test_a_killed_walk_is_taken_up_where_it_committed(connection: Loading) -> None:
    walk = begin(connection, Walk("fxiaoke", "departments", date(2026, 6, 30), None, cutoff(date(2026, 6, 30))))
    land_page(connection, walk, [], last_id="D-7")
    taken_up = begin(connection, Walk("fxiaoke", "departments", date(2026, 6, 30), None, cutoff(date(2026, 6, 30))))
    assert (taken_up.load_id, taken_up.last_id) == (walk.load_id, "D-7")


def test_a_day_before_the_streams_first_is_refused_with_the_next_action(connection: Loading) -> None:
    watermarks.move(connection, "fxiaoke", "activity_records", cutoff(date(2026, 6, 30)), date(2026, 6, 30))
    with pytest.raises(
        StepError, match=r"fxiaoke activity_records has been read beyond 2026-06-01 already: .*make backfill"
    ):
        owed(connection, "fxiaoke", "activity_records", date(2026, 6, 1), HOUR)


LAND_ONE_PAGE = """
from datetime import UTC, date, datetime
from warehouse.clock import cutoff
from warehouse.landing import Record, land_page
from warehouse.walks import Walk, begin, loading
day = date(2026, 6, 30)
with loading("fxiaoke") as connection:
    walk = begin(connection, Walk("fxiaoke", "opportunities", day, None, cutoff(day)))
    record = Record("O-1", {"_id": "O-1"}, datetime(2026, 6, 30, tzinfo=UTC), cutoff(day))
    land_page(connection, walk, [record], last_id="O-1", is_last=True)
"""


@pytest.mark.parametrize(
    ("failpoint", "rows_after_the_kill"), [("landing.before", 0), ("landing.inside", 0), ("landing.after", 1)]
)
def test_a_kill_leaves_a_page_whole_or_absent(tenant_database: str, failpoint: str, rows_after_the_kill: int) -> None:
    def run(**environment: str) -> int:
        env = child_environment(**environment)
        return subprocess.run(
            [sys.executable, "-c", LAND_ONE_PAGE], env=env, cwd=ROOT, check=False, timeout=60
        ).returncode

    def state() -> tuple[int, str | None]:
        with loading("fxiaoke") as connection:
            rows = connection.execute("select count(*) from landing.fxiaoke__opportunities").fetchone()
            cursor = connection.execute(
                "select last_id from ops.cursors where load_id = '20260630-fxiaoke-opportunities'"
            ).fetchone()
        return (rows[0] if rows else -1), (cursor[0] if cursor else None)

    with loading("fxiaoke") as connection:
        connection.execute("set role owner_ddl")
        connection.execute("truncate landing.fxiaoke__opportunities, ops.loads, ops.cursors")
    assert run(failpoint=failpoint) == -9
    assert state() == (rows_after_the_kill, "O-1" if rows_after_the_kill else None)
    assert run() == 0
    assert state() == (1, "O-1")


def test_two_extractions_never_run_side_by_side(tenant_database: str) -> None:
    with (
        loading("fxiaoke"),
        pytest.raises(StepError, match="another extraction of fxiaoke is running"),
        loading("fxiaoke"),
    ):
        os.abort()  # never reached
