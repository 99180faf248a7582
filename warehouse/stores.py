"""The databases that an installation keeps beside the tenant's own, and what a backup needs to know of the server.

In: the settings. Out: names of databases that exist; the newest published day; a database
put aside.
"""

from collections.abc import Sequence
from datetime import date

from psycopg import sql

from config.settings import settings
from warehouse.connection import connect

BESIDE = ("mlflow", "airflow")  # absent where a service keeps its own


def beside() -> list[str]:
    """The databases of MLflow, Airflow and the pages that exist on our server."""
    there = existing()
    return [name for name in _beside() if name in there]


def _beside() -> tuple[str, ...]:
    return (*BESIDE, f"superset_{settings().tenant}")


def put_aside() -> list[str]:
    """What an upgrade that failed left of our databases."""
    there = existing()
    return [name for name in map(_aside, (settings().pg_database, *_beside())) if name in there]


def _aside(name: str) -> str:
    return f"{name}_failed"


def existing() -> set[str]:
    """All databases of the server."""
    with connect(None, autocommit=True, database="postgres") as connection:
        return {name for (name,) in connection.execute("select datname from pg_database where not datistemplate")}


def sessions(databases: Sequence[str]) -> list[str]:
    """Who is connected to one of the databases: "login in database (process id)"."""
    query = (
        "select usename, datname, pid from pg_stat_activity"
        " where datname = any(%s) and backend_type = 'client backend' order by 2, 3"
    )
    with connect(None, autocommit=True, database="postgres") as connection:
        found = connection.execute(query, (list(databases),)).fetchall()
    return [f"{login} in {name} (process {pid})" for login, name, pid in found]


def set_aside(name: str) -> str:
    """Rename a database that nobody uses to `<name>_failed`, in place of an older one of that name; returns the new name.

    It can be connected to again, if it was shut: an erasure looks through it.
    """
    aside = _aside(name)
    with connect(None, autocommit=True, database="postgres") as connection:
        for statement in (
            "drop database if exists {aside}",
            "alter database {name} rename to {aside}",
            "alter database {aside} allow_connections true",
        ):
            connection.execute(sql.SQL(statement).format(name=sql.Identifier(name), aside=sql.Identifier(aside)))
    return aside


def server_version() -> str:
    """The server's version, as 18.4."""
    with connect(None, autocommit=True, database="postgres") as connection:
        found = connection.execute("show server_version").fetchone()
    return str(found[0]).split()[0] if found else ""


def published_day() -> date | None:
    """The day that readers see."""
    with connect("checker") as connection:
        found = connection.execute(
            "select b.as_of from ops.published_build as p join ops.builds as b using (build_id)"
        ).fetchone()
    return found[0] if found else None
