"""One night of a tenant at a time, and nothing that must not happen in one: a lock in the tenant's own database.

In: nothing. Out: the lock, held as long as the block; it goes with its connection.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from config.settings import settings
from warehouse.connection import connect
from warehouse.steps import StepError


@contextmanager
def alone() -> Iterator[None]:
    """Hold the night's lock. Raises StepError where a night holds it."""
    with connect("transformer", autocommit=True) as lock:
        taken = lock.execute("select pg_try_advisory_lock(hashtext(%s))", (f"night {settings().tenant}",)).fetchone()
        if not taken or not taken[0]:
            raise StepError(
                f"a night of {settings().tenant} is already running: wait for it, or look at it with `make up`"
            )
        yield
