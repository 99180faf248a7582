"""Who may build when: one night at a time, one run of dbt at a time, and marts of the day at which staging stands."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest

from nightly import backfill, dbt
from nightly.night_lock import DAG, HELD, alone, begin_scheduled
from warehouse.build_lock import building
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.frames import fetch_all
from warehouse.landing import Record, land_page
from warehouse.steps import StepError, recorded
from warehouse.walks import Walk, begin, loading

pytestmark = pytest.mark.usefixtures("tenant_database")
DAY, EARLIER = date(2026, 6, 30), date(2026, 6, 29)
WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())"  # noqa: E501 - one query


def test_a_second_build_waits_until_the_first_is_done() -> None:
    order = []

    def second() -> None:
        with building():
            order.append("second")

    waiter = threading.Thread(target=second)
    with building():
        waiter.start()
        deadline = time.monotonic() + 30
        while fetch_all("checker", WAITING) != [(1,)]:
            assert time.monotonic() < deadline, "nobody waits"
        order.append("first")
    waiter.join(timeout=30)
    assert order == ["first", "second"]


def test_who_has_waited_long_enough_is_told_so() -> None:
    with building(), pytest.raises(StepError, match="has been under way for 50ms"), building("50ms"):
        pass


def test_marts_are_refused_where_staging_stands_at_another_day() -> None:
    for ended in (DAY, EARLIER):
        with recorded("features", ended):
            pass
    with pytest.raises(
        StepError, match=f"are done as of {EARLIER}: run `python -m nightly dbt features --as-of {DAY}`"
    ):
        dbt.run("marts", DAY)


def test_the_scheduler_s_night_does_not_begin_beside_one_that_is_held_but_within_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The night that somebody typed runs the same DAG, whose first task asks too."""
    with alone():
        with pytest.raises(StepError, match="already running"):
            begin_scheduled()
        monkeypatch.setenv(HELD, "1")
        begin_scheduled()
    monkeypatch.delenv(HELD)
    begin_scheduled()


@pytest.fixture
def airflow(tenant_database: str) -> Iterator[Callable[[str, str, str], str]]:
    """Makes a database as Airflow's, with one run of a DAG and one scheduler that gave a sign of life so long ago; gives its name."""
    name = f"{tenant_database}_airflow"

    def made(dag: str, state: str, beat: str) -> str:
        with connect(None, autocommit=True, database="postgres") as connection:
            connection.execute(f"create database {name}")
        with connect(None, database=name) as connection:
            connection.execute("create table dag_run (dag_id text, run_id text, state text)")
            connection.execute("create table job (job_type text, state text, latest_heartbeat timestamptz)")
            connection.execute("insert into dag_run values (%s, 'scheduled__2026-06-30', %s)", (dag, state))
            connection.execute("insert into job values ('SchedulerJob', 'running', now() - %s::interval)", (beat,))
        return name

    yield made
    with connect(None, autocommit=True, database="postgres") as connection:
        connection.execute(f"drop database if exists {name}")


def test_nothing_by_hand_begins_beside_a_night_that_the_scheduler_runs(airflow: Callable[[str, str, str], str]) -> None:
    database = airflow(DAG, "running", "5 seconds")
    with pytest.raises(StepError, match=r"already running \(scheduled__2026-06-30\)"), alone(database):
        pass


@pytest.mark.parametrize(
    ("dag", "state", "beat"),
    [(DAG, "success", "5 seconds"), ("train_win_model", "running", "5 seconds"), (DAG, "running", "10 minutes")],
)
def test_a_run_that_ended_is_another_dag_s_or_lost_its_scheduler_stands_in_nobody_s_way(
    airflow: Callable[[str, str, str], str], dag: str, state: str, beat: str
) -> None:
    with alone(airflow(dag, state, beat)), pytest.raises(StepError, match="already running"):
        begin_scheduled()


def test_a_backfill_beside_a_night_is_refused_and_touches_nothing() -> None:
    with loading("fxiaoke") as connection:
        walk = begin(connection, Walk("fxiaoke", "opportunities", DAY, None, cutoff(DAY)))
        record = Record("O-1", {"_id": "O-1"}, datetime(2026, 6, 30, tzinfo=UTC), cutoff(DAY))
        land_page(connection, walk, [record], last_id="O-1", is_last=True)
    before = fetch_all("checker", "select count(*) from ops.step_runs")
    with alone(), pytest.raises(StepError, match="already running"):
        backfill.run(DAY, DAY)
    assert fetch_all("checker", "select count(*) from ops.step_runs") == before
