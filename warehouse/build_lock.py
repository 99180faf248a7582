"""One run of dbt of a tenant at a time, whoever starts it: dbt keeps staging as of one day. A lock in the tenant's own database.

In: nothing. Out: the lock, held as long as the block; it goes with its connection.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import LockNotAvailable

from config.settings import settings
from warehouse.connection import connect
from warehouse.steps import StepError

PATIENCE = "60min"  # as long as the longest layer may take in the DAG


@contextmanager
def building(patience: str = PATIENCE) -> Iterator[None]:
    """Hold the right to build; waits for whoever builds just now.

    Raises StepError where that takes longer than `patience` (an interval of PostgreSQL's).
    """
    with connect("transformer", autocommit=True) as lock:
        lock.execute("select set_config('lock_timeout', %s, false)", (patience,))
        try:
            lock.execute("select pg_advisory_lock(hashtext('landfall building'))")
        except LockNotAvailable as error:
            raise StepError(
                f"another build of {settings().tenant} has been under way for {patience}: look which with `make status`, wait, then rerun"
            ) from error
        yield
