"""dbt's two habits that cost a small night most, left out: a connection for each of its nodes, and events that nobody hears.

In: nothing; `settle()` once before dbt runs. Out: dbt's classes with ours in their places (docs/adr/0026). What dbt builds is the same.
"""

from typing import Any

from dbt.adapters.contracts.connection import ConnectionState
from dbt.adapters.postgres.connections import PostgresConnectionManager
from dbt.adapters.postgres.impl import PostgresAdapter
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager

# A page out of order costs about what one in order does where a warehouse lies today (SSD, or memory). PostgreSQL's default of 4 is that
# of a disk that turns: with it a table is read whole to find one row in a hundred.
ONE_PAGE = "set random_page_cost = 1.1"


class KeptConnections(PostgresConnectionManager):  # type: ignore[misc] # dbt has no types
    """A thread's connection stays open from node to node: a new server process would read the catalogue anew for each."""

    @classmethod
    def open(cls, connection: Any) -> Any:
        """A connection whose role outlives the rollback that ends a node: dbt sets it inside a transaction."""
        opened = super().open(connection)
        with opened.handle.cursor() as cursor:
            cursor.execute(ONE_PAGE)
        opened.handle.commit()
        return opened

    def release(self) -> None:
        """End what the node left open; a connection that broke is forgotten, so that the next node opens one."""
        connection = self.get_if_exists()
        if connection is None or connection.state != ConnectionState.OPEN:
            return
        try:
            connection.handle.rollback()  # also what dbt did not call a transaction: reading begins one
            connection.transaction_open = False
            is_broken = connection.handle.closed != 0
        except Exception:
            self.clear_thread_connection()
            raise
        if is_broken:
            self.clear_thread_connection()


class HeardEvents(EventManager):
    """Debug events are dropped before they are made into messages: the log holds `info`, and so do those who listen."""

    def fire_event(self, e: BaseEvent, level: EventLevel | None = None, *rest: Any, **more: Any) -> None:
        """Pass on what is not a debug event."""
        if (level or e.level_tag()) != EventLevel.DEBUG:
            super().fire_event(e, level, *rest, **more)


def settle() -> None:
    """Put both in their places; a second time changes nothing."""
    PostgresAdapter.ConnectionManager = KeptConnections
    ctx_set_event_manager(HeardEvents())
