"""Settings of the business as insert-only rows of `ops.settings`: a tenant's own defaults, declared again and again without effect.

In: (kind, key, value) with a reason. Out: rows that hold from the beginning of time; a value that differs from the one declared before is
a new row dated by the business day, so no past day changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from warehouse.clock import cutoff
from warehouse.walks import Loading

ALWAYS = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Setting:
    """One business setting; `value` is its JSON."""

    kind: str
    key: str
    value: dict[str, Any]
    reason: str


def declare(connection: Loading, declared: Iterable[Setting], as_of: date, decided_by: str) -> int:
    """Make each setting hold: from ever when its key is new, from `as_of` on when its newest value differs. Returns the rows added."""
    added = 0
    with connection.transaction():
        newest = {
            (kind, key): value
            for kind, key, value in connection.execute(
                "select distinct on (kind, key) kind, key, value from ops.settings order by kind, key, valid_from desc, decided_at desc"
            )
        }
        for setting in declared:
            known = newest.get((setting.kind, setting.key))
            if known == setting.value:
                continue
            decided_at = "-infinity" if known is None else cutoff(as_of - timedelta(days=1))
            added += connection.execute(
                "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason)"
                " values (%s, %s, %s, %s, %s, %s, %s) on conflict (kind, key, valid_from, decided_at) do nothing",
                (setting.kind, setting.key, Jsonb(setting.value), ALWAYS, decided_at, decided_by, setting.reason),
            ).rowcount
    return added
