"""The marts of one build as tables: what they hold, and how they fit the partitioned parents and views that people read.

In: the plain tables that dbt left in `build_<build_id>`. Out: the same tables ready to be attached, parents `marts.<name>`, views
`published.<name>`. Statements that need ACCESS EXCLUSIVE on what people read wait 50 ms at most and try again.
"""

import time
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from psycopg import sql

from warehouse.access import guard_statements, is_guarded
from warehouse.steps import StepError

LOCK_ATTEMPTS = 200
LOCK_PAUSE_S = 0.1
GUARD = "built_for"

_TABLES = """
    select c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = %s and c.relkind = 'r' and c.relname !~ '__dbt_(tmp|backup)' order by c.relname collate "C"
"""
_COLUMNS = """
    select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute as a
    where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped order by a.attnum
"""


@dataclass(frozen=True)
class Content:
    """What a table holds: number of rows, and sha256 over its rows in their own order."""

    rows: int
    sha256: str


def tables(connection: psycopg.Connection, schema: str) -> list[str]:
    """Names of the marts in `schema`."""
    return [name for (name,) in connection.execute(_TABLES, (schema,)).fetchall()]


def contents(connection: psycopg.Connection, schema: str) -> dict[str, Content]:
    """Mart name → content, the same for the same rows whatever their order and the order of columns."""
    connection.execute("select set_config('timezone', 'UTC', false)")
    found = {}
    for name in tables(connection, schema):
        names = sorted(column for column, _ in _columns(connection, schema, name))
        query = sql.SQL(
            "select count(*), encode(sha256(convert_to(coalesce(string_agg(line, '' order by line collate \"C\"), ''), 'UTF8')), 'hex') "
            "from (select md5(row({})::text) as line from {}) as lines"
        ).format(sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(schema, name))
        row: Any = connection.execute(query).fetchone()
        found[name] = Content(*row)
    return found


def prepare(connection: psycopg.Connection, schema: str, build_id: str) -> list[str]:
    """Make every mart of `schema` attachable without a scan: guard, statistics, parent, view. Returns their names.

    May run twice. Raises StepError when there is no mart, a mart has no build_id, or a column changed its type.
    """
    names = tables(connection, schema)
    if not names:
        raise StepError(f"schema {schema} holds no marts: run `python -m nightly dbt marts` for that day, then rerun")
    for name in names:
        _fit_parent(connection, schema, name)
        _guard(connection, schema, name, build_id)
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier(schema, name)))
    return names


def attached(connection: psycopg.Connection, schema: str) -> list[str]:
    """Names of the marts of `schema` that are partitions of their parents."""
    found = connection.execute(
        "select c.relname from pg_inherits as i join pg_class as c on c.oid = i.inhrelid"
        " where c.relnamespace = to_regnamespace(%s) order by c.relname",
        (schema,),
    )
    return [name for (name,) in found.fetchall()]


def detach(
    connection: psycopg.Connection, schema: str, name: str, manner: Literal["concurrently", "finalize"] = "concurrently"
) -> None:
    """Take one table out of its parent without holding up readers, or end an interrupted attempt; outside of any transaction."""
    connection.execute(
        sql.SQL("alter table {} detach partition {} {}").format(
            sql.Identifier("marts", name), sql.Identifier(schema, name), sql.SQL(manner)
        )
    )


def attach(connection: psycopg.Connection, schema: str, name: str, build_id: str) -> None:
    """Attach one prepared table to its parent, inside the caller's transaction."""
    connection.execute(
        sql.SQL("alter table {} attach partition {} for values in ({})").format(
            sql.Identifier("marts", name), sql.Identifier(schema, name), sql.Literal(build_id)
        )
    )


def _columns(connection: psycopg.Connection, schema: str, name: str) -> list[tuple[str, str]]:
    qualified = sql.Identifier(schema, name).as_string(connection)
    return connection.execute(_COLUMNS, (qualified,)).fetchall()


def _guard(connection: psycopg.Connection, schema: str, name: str, build_id: str) -> None:
    table = sql.Identifier(schema, name)
    guarded = connection.execute(
        "select 1 from pg_constraint where conrelid = to_regclass(%s) and conname = %s",
        (table.as_string(connection), GUARD),
    ).fetchone()
    try:
        connection.execute(sql.SQL("alter table {} alter column build_id set not null").format(table))
        if guarded is None:
            connection.execute(
                sql.SQL("alter table {} add constraint {} check (build_id = {})").format(
                    table, sql.Identifier(GUARD), sql.Literal(build_id)
                )
            )
    except (psycopg.errors.NotNullViolation, psycopg.errors.CheckViolation) as error:
        raise StepError(
            f"{schema}.{name} holds rows of another build or of none: correct the model's build_id, then rerun"
        ) from error


def _fit_parent(connection: psycopg.Connection, schema: str, name: str) -> None:
    """Bring `marts.<name>`, `published.<name>` and the built table to the same columns; new ones are nullable, removed ones null."""
    built = _columns(connection, schema, name)
    if ("build_id", "text") not in built:
        raise StepError(f"{schema}.{name} has no text column build_id: add it to the model first, then rerun")
    held = _columns(connection, "marts", name)
    changed = [column for column, kind in held if dict(built).get(column, kind) != kind]
    if changed:
        raise StepError(
            f"marts.{name} holds column {changed[0]} as {dict(held)[changed[0]]} and {schema} as {dict(built)[changed[0]]}: "
            "give the changed column a new name, then rerun"
        )
    for column, kind in held:
        if column not in dict(built):
            connection.execute(_add_column(schema, name, column, kind))
    fresh = [(column, kind) for column, kind in built if column not in dict(held)]
    names = [column for column, _ in held + fresh]
    statements = (
        [_add_column("marts", name, column, kind) for column, kind in fresh] if held else [_create_parent(name, built)]
    )
    if not is_guarded(connection, name, names):
        statements += guard_statements(name, names)
    if statements:
        _patiently(connection, statements, f"marts.{name}")
    if [column for column, _ in _columns(connection, "published", name)] != names:
        _patiently(connection, _create_view(name, names), f"published.{name}")


def _add_column(schema: str, name: str, column: str, kind: str) -> sql.Composed:
    return sql.SQL("alter table {} add column {} {}").format(
        sql.Identifier(schema, name), sql.Identifier(column), sql.SQL(kind)
    )


def _create_parent(name: str, columns: list[tuple[str, str]]) -> sql.Composed:
    lines = [
        sql.SQL("{} {}{}").format(
            sql.Identifier(column), sql.SQL(kind), sql.SQL(" not null" if column == "build_id" else "")
        )
        for column, kind in columns
    ]
    return sql.SQL("create table {} ({}) partition by list (build_id)").format(
        sql.Identifier("marts", name), sql.SQL(", ").join(lines)
    )


def _create_view(name: str, columns: list[str]) -> list[sql.Composed]:
    view = sql.SQL(
        "create or replace view {} as select {} from {} where build_id = (select build_id from ops.published_build)"
    ).format(
        sql.Identifier("published", name),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier("marts", name),
    )
    return [sql.SQL("set local role publisher").format(), view]


def _patiently(connection: psycopg.Connection, statements: list[sql.Composed], thing: str) -> None:
    """Run `statements` in one transaction that gives way to readers after 50 ms, until it finds a gap."""
    for _ in range(LOCK_ATTEMPTS):
        try:
            with connection.transaction():
                connection.execute("set local lock_timeout = '50ms'")
                for statement in statements:
                    connection.execute(statement)
        except psycopg.errors.LockNotAvailable:
            time.sleep(LOCK_PAUSE_S)
        else:
            return
    raise StepError(
        f"{thing} is read without a pause and could not be changed in {LOCK_ATTEMPTS} attempts: "
        "end the longest query on it, then rerun"
    )
