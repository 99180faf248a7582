"""The two logins of the page server (Superset): one reads `published` for all of its people, one owns its own database.

In: the folder that keeps their passwords. Out: a reader of the whole that may also ask `ops.org_access` who sees what, a database for
Superset's own records, and a password file for libpq, so that no address and no record of Superset carries a password.
"""

import secrets
from pathlib import Path

import psycopg
from psycopg import sql

from config.settings import settings
from warehouse import readers
from warehouse.access import WHOLE
from warehouse.connection import connect
from warehouse.migrate import ensure_database

READER, KEEPER = "superset_reader", "superset_keeper"
CONNECTIONS = 30  # of the reader: one for each request under way


def database_of_records() -> str:
    """Name of the database that holds Superset's own records."""
    return f"superset_{settings().tenant}"


def ensure(folder: Path) -> Path:
    """Make or renew both logins and the database; returns the password file for libpq. May run again."""
    readers.add(READER, [WHOLE], folder / READER)
    ensure_database(database_of_records())
    keeper = _password(folder / KEEPER)
    with connect(None) as connection:
        _allow_reader(connection)
        known = connection.execute("select 1 from pg_roles where rolname = %s", (KEEPER,)).fetchone()
        verb = sql.SQL("alter" if known else "create")
        verifier = connection.pgconn.encrypt_password(keeper.encode(), KEEPER.encode(), b"scram-sha-256").decode()
        connection.execute(
            sql.SQL("{} role {} login password {}").format(verb, sql.Identifier(KEEPER), sql.Literal(verifier))
        )
    with connect(None, database=database_of_records()) as connection:
        for statement in ("revoke all on database {database} from public", "grant connect, temporary on database {database} to {keeper}",
                          "grant usage, create on schema public to {keeper}"):  # fmt: skip
            names = {"database": sql.Identifier(database_of_records()), "keeper": sql.Identifier(KEEPER)}
            connection.execute(sql.SQL(statement).format(**names))
    return _passfile(folder, {READER: _password(folder / READER), KEEPER: keeper})


def _allow_reader(connection: psycopg.Connection) -> None:
    reader = sql.Identifier(READER)
    connection.execute(sql.SQL("grant page_server to {}").format(reader))
    connection.execute(sql.SQL("alter role {} connection limit {}").format(reader, sql.Literal(CONNECTIONS)))


def _password(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24) + "\n", "utf-8")
    return path.read_text("utf-8").strip()


def _passfile(folder: Path, passwords: dict[str, str]) -> Path:
    path = folder / "pgpass"
    path.touch(mode=0o600)
    path.write_text("".join(f"*:*:*:{login}:{password}\n" for login, password in passwords.items()), "utf-8")
    return path
