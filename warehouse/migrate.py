"""Makes and upgrades the tenant's database: every file of `warehouse/migrations`, in order, once, each in one transaction."""

from pathlib import Path

from psycopg import sql

from config.settings import settings
from warehouse.connection import connect

MIGRATIONS = Path(__file__).parent / "migrations"


def ensure_database(name: str) -> None:
    """Create the database `name` unless it exists."""
    with connect(None, autocommit=True, database="postgres") as connection:
        if connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is None:
            connection.execute(
                sql.SQL("create database {} encoding 'UTF8' template template0").format(sql.Identifier(name))
            )


def pending() -> list[str]:
    """The migrations that the tenant's database still lacks."""
    with connect(None) as connection:
        done = {name for (name,) in connection.execute("select name from migration.applied")}
    return [path.name for path in sorted(MIGRATIONS.glob("[0-9]*.sql")) if path.name not in done]


def migrate() -> list[str]:
    """Bring the tenant's database up to date; returns the names of the migrations applied now."""
    ensure_database(settings().pg_database)
    applied = []
    with connect(None) as connection:
        connection.execute("select pg_advisory_lock(hashtext('landfall migrate'))")
        connection.execute("create schema if not exists migration")
        connection.execute(
            "create table if not exists migration.applied"
            " (name text primary key, applied_at timestamptz not null default clock_timestamp())"
        )
        done = {name for (name,) in connection.execute("select name from migration.applied")}
        connection.commit()
        for path in sorted(MIGRATIONS.glob("[0-9]*.sql")):
            if path.name not in done:
                connection.execute(path.read_text("utf-8"))
                connection.execute("insert into migration.applied (name) values (%s)", (path.name,))
                connection.commit()
                applied.append(path.name)
    return applied
