"""Ordered hashes of whole tables, without the columns of `clock_columns.yml`: equal hashes are equal rows.

The themes `feat_*` are left out: they hold the days that the last run asked for, and their rows are kept in `opportunity_features`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.end_to_end.line import Line
from warehouse.frames import fetch_all

CLOCKS = tuple(yaml.safe_load((Path(__file__).parent / "clock_columns.yml").read_text("utf-8")))
OF_NIGHTS = ("rpt_alert_delivery", "rpt_model_time", "rpt_publication", "rpt_run_time")  # how nights went, and when
SCHEMAS = ("landing", "staging", "features", "scores", "sync")


def _read(query: str, *values: object) -> list[tuple[Any, ...]]:
    return fetch_all("checker", query, values)


def hashes(schemas: tuple[str, ...] = SCHEMAS, read: Callable[..., list[tuple[Any, ...]]] = _read) -> dict[str, str]:
    """ "schema.table" → rows and hash of every table (views left out) of the given schemas in one database.

    `read`: how it is asked; `Line.rows`, or by default the database of this process's settings.
    """
    query = """
        select n.nspname, c.relname,
            string_agg(format('t.%%I::text', a.attname), ', ' order by a.attname) filter (where a.attname <> all (%s))
        from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
        join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind in ('r', 'p') and c.relname !~ '^feat_' and n.nspname = any (%s) group by 1, 2 order by 1, 2
    """
    found = {}
    for schema, table, columns in read(query, list(CLOCKS), list(schemas)):
        digest = (
            f"select count(*)::text || ' ' || coalesce(md5(string_agg(h, '' order by h)), '')"
            f" from (select md5(row({columns})::text) as h from {schema}.{table} as t) as hashed"
        )
        found[f"{schema}.{table}"] = read(digest)[0][0]
    return found


def differing(ours: dict[str, str], theirs: dict[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """The tables that are not alike, with both hashes."""
    return {
        name: (ours.get(name), theirs.get(name))
        for name in ours.keys() | theirs.keys()
        if ours.get(name) != theirs.get(name)
    }


def without_a_trace(line: Line) -> dict[str, str]:
    """Hashes of landing and of the published build's marts, under names that do not tell the build; without what remembers how nights went,
    such as the publish log: people were shown a build while a system was down."""
    build = f"build_{line.rows('select build_id from ops.published_build')[0][0]}"
    found = {name.replace(build, "marts"): told for name, told in hashes(("landing", build), line.rows).items()}
    for name in OF_NIGHTS:
        del found[f"marts.{name}"]
    return found


def one(query: str, *values: object) -> tuple[object, ...]:
    """The only row of a query."""
    rows = fetch_all("checker", query, values)
    assert len(rows) == 1, f"{len(rows)} rows instead of one: {query} {values}"
    return rows[0]
