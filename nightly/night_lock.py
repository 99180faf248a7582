"""One night of a tenant at a time, and nothing that must not happen in one: a lock in the tenant's own database.

In: nothing. Out: the lock, held as long as the block; it goes with its connection. A night that Airflow's scheduler runs is many
processes and holds none: it begins only where nobody holds it, and who asks for it looks whether such a night runs.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from config.settings import settings
from warehouse.connection import connect
from warehouse.steps import StepError
from warehouse.stores import existing

DAG = "nightly_forecast"
HELD = "NIGHT_LOCK_IS_HELD"  # in the environment of a night whose starter holds the lock
_SCHEDULED = """
    select run_id from dag_run where dag_id = %s and state = 'running'
        and exists (
            select from job where job_type = 'SchedulerJob' and state = 'running' and latest_heartbeat > now() - interval '1 minute'
        )
    order by run_id limit 1
"""  # a run that no scheduler carries on was left behind by one that was killed


@contextmanager
def alone(airflow: str = "airflow") -> Iterator[None]:
    """Hold the night's lock. Raises StepError where a night holds it, or where the scheduler of the database `airflow` runs one."""
    with _lock():
        if run := scheduled_night(airflow):
            raise _refusal(f" ({run})")
        yield


def begin_scheduled() -> None:
    """Let the scheduler's night begin. Raises StepError where somebody holds the lock: a night typed by hand, a backfill, an upgrade."""
    if HELD not in os.environ:
        with _lock():
            pass


def scheduled_night(airflow: str) -> str:
    """The run of the night's DAG that a living scheduler is at, '' for none."""
    if airflow not in existing():
        return ""
    with connect(None, autocommit=True, database=airflow) as connection:
        there = connection.execute("select to_regclass('public.dag_run') is not null").fetchone()
        found = connection.execute(_SCHEDULED, (DAG,)).fetchone() if there and there[0] else None
    return str(found[0]) if found else ""


@contextmanager
def _lock() -> Iterator[None]:
    with connect("transformer", autocommit=True) as lock:
        taken = lock.execute("select pg_try_advisory_lock(hashtext(%s))", (f"night {settings().tenant}",)).fetchone()
        if not taken or not taken[0]:
            raise _refusal()
        yield


def _refusal(run: str = "") -> StepError:
    return StepError(
        f"a night of {settings().tenant} is already running{run}: wait for it, or look at it with `make up`"
    )
