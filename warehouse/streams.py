"""The tenant's streams as the gates know them: which are required, and how old what landed of each may grow while its system is down.

In: what the connectors read from the tenant's mappings, at the start of each extraction. Out: `ops.streams`; a stream that a mapping no
longer has is no longer waited for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from warehouse.walks import Loading


@dataclass(frozen=True, slots=True)
class Declared:
    """One stream of a system."""

    name: str
    mode: Literal["changed", "snapshot", "days", "files"]
    is_required: bool
    max_age: timedelta


def declare_streams(connection: Loading, system: str, declared: Sequence[Declared], connected: Sequence[str]) -> None:
    """Let `declared` be the streams of `system`, and forget the systems that are not `connected`, in one transaction."""
    with connection.transaction():
        connection.execute("delete from ops.streams where system <> all (%s)", (list(connected),))
        connection.execute(
            "delete from ops.streams where system = %s and stream <> all (%s)",
            (system, [stream.name for stream in declared]),
        )
        for stream in declared:
            connection.execute(
                "insert into ops.streams as held (system, stream, mode, is_required, max_age) values (%s, %s, %s, %s, %s)"
                " on conflict (system, stream) do update set mode = excluded.mode, is_required = excluded.is_required,"
                " max_age = excluded.max_age, declared_at = clock_timestamp()"
                " where (held.mode, held.is_required, held.max_age)"
                " is distinct from (excluded.mode, excluded.is_required, excluded.max_age)",
                (system, stream.name, stream.mode, stream.is_required, stream.max_age),
            )
