"""`check --history`: of every field of every stream, whether its past is dated, imported, or only watched, and since which day.

In: landing. Out: a line a field. Dated: the go-live export tells its changes with their days. Imported: the export holds one value a record
and no change of it. Watched: known only from the nights that read it, so features of days before that day may not use it.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from config.settings import settings
from connectors.streams import mapping_of
from warehouse.clock import business_day
from warehouse.connection import connect
from warehouse.steps import StepError

# per field and record: did the export show more than one value, since when, and the first night that read it
_TOLD = """
    with told as (
        select
            record_id, changed_at, known_at, is_reconstructed, field.key as name, field.value::text as value,
            load_id ~ '-history(-r[0-9]+)?$' as is_export
        from landing.{table}, jsonb_each(record) as field
    ),
    records as (
        select
            name,
            min(value) filter (where is_export) <> max(value) filter (where is_export) as is_moved,
            min(changed_at) filter (where is_export) as told_from,
            min(known_at) filter (where not is_reconstructed) as watched_from
        from told
        group by name, record_id
    )
    select name, bool_or(is_moved), min(told_from), min(watched_from) from records group by name
"""


def tell(only: str | None) -> None:
    """Print it for every system that is read, or `only` one. Raises StepError before the first night."""
    for system in [only] if only else [name for name in settings().systems if name != "files"]:
        for name, stream in mapping_of(system).streams.items():
            found = _landed(f"{system}__{name}")
            print(f"{system} {name}:")
            for field in stream.fields:
                print(f"  {field}: {'; '.join(_said(*found[field])) if field in found else 'never filled'}")


def _landed(table: str) -> dict[str, tuple[Any, ...]]:
    with connect("loader") as connection:
        if connection.execute("select to_regclass(%s)", (f"landing.{table}",)).fetchone() == (None,):
            raise StepError(f"there is no table landing.{table}: `python -m warehouse migrate`, then load a night")
        return {row[0]: row[1:] for row in connection.execute(_TOLD.format(table=table)).fetchall()}


def _said(is_moved: bool | None, told_from: Any, watched_from: Any) -> Iterator[str]:
    if told_from and is_moved:
        yield f"dated since {business_day(told_from)}"
    elif told_from:
        yield f"imported: one value a record since {business_day(told_from)}, no change of it is told"
    if watched_from:
        yield f"watched since {business_day(watched_from) - timedelta(days=1)}"
