"""Connections to the tenant's database, each in one of the pipeline's roles.

One login is member of every role and owns nothing; a connection takes its role when it starts. The password comes from the password
file that libpq reads, so no address carries one.
"""

from urllib.parse import quote

import psycopg

from config.settings import Settings, settings

ROLES = (
    "owner_ddl", "publisher", "loader", "transformer", "checker", "ml", "writeback", "submitter", "bi_reader", "page_server", "auditor",
)  # fmt: skip


# A killed step's statement ends within a second, not at its end, on whatever server: its lock is free for the next attempt.
HEARS_OF_A_KILL = "-c client_connection_check_interval=1s"


class DatabaseUnreachableError(Exception):
    """PostgreSQL could not be reached; the message names address and next action."""


class NoConnectionFreeError(DatabaseUnreachableError):
    """PostgreSQL answers, and a person's login has used up the connections it may hold."""


def _arguments(now: Settings, database: str, role: str | None) -> dict[str, str | int]:
    arguments: dict[str, str | int] = {
        "host": now.pg_host,
        "port": now.pg_port or 5432,
        "user": now.pg_user,
        "dbname": database,
        "connect_timeout": 10,
        "application_name": f"landfall {role or 'admin'}",
        "options": f"{HEARS_OF_A_KILL}{f' -c role={role}' if role else ''}",
    }
    if now.pg_passfile:
        arguments["passfile"] = str(now.pg_passfile)
    return arguments


def connect(role: str | None, *, autocommit: bool = False, database: str | None = None) -> psycopg.Connection:
    """Open a connection in `role` (None: the bare login, for migrations) to the tenant's database, or to `database`.

    Raises DatabaseUnreachableError when the server does not answer or refuses the login.
    """
    now = settings()
    if role is not None and role not in ROLES:
        raise ValueError(f"unknown database role {role!r}; the roles are {', '.join(ROLES)}")
    name = database or now.pg_database
    try:
        return psycopg.connect(**_arguments(now, name, role), autocommit=autocommit)  # type: ignore[arg-type]
    except psycopg.OperationalError as error:
        where = f"{now.pg_host}:{now.pg_port}/{name}"
        action = (
            "run `make up` or `make nightly`, which start it"
            if now.pg_embedded
            else "start it or correct LANDFALL_PG_HOST and LANDFALL_PG_PORT"
        )
        reason = str(error).strip().splitlines()[-1]
        raise DatabaseUnreachableError(
            f"PostgreSQL at {where} cannot be used ({reason}): {action}, then rerun"
        ) from error


def as_reader(login: str, password: str) -> psycopg.Connection | None:
    """A person's own connection, in no role of ours; None when PostgreSQL does not take the password.

    Raises DatabaseUnreachableError when the server does not answer, NoConnectionFreeError when the login holds all that it may. A refusal
    before the password was asked for is no wrong password; the server's sentence is in its own language, so nothing is read from it.
    """
    now = settings()
    try:
        return psycopg.connect(
            host=now.pg_host, port=now.pg_port or 5432, dbname=now.pg_database, user=login, password=password,
            connect_timeout=10, application_name="landfall page", autocommit=True,
        )  # fmt: skip
    except psycopg.OperationalError as error:
        if error.pgconn is None or not error.pgconn.used_password:
            raise DatabaseUnreachableError(
                f"PostgreSQL at {now.pg_host}:{now.pg_port} does not take logins: look whether it runs, then sign in again"
            ) from None  # the connection in the error knows the password
        if _is_full(login):
            raise NoConnectionFreeError(
                f"login {login} holds every connection it may: end one of its sessions, then sign in again"
            ) from None
        return None


def _is_full(login: str) -> bool:
    with connect("submitter") as connection:
        found = connection.execute(
            "select rolconnlimit >= 0 and rolconnlimit <= (select count(*) from pg_stat_activity where usename = rolname)"
            " from pg_roles where rolname = %s",
            (login,),
        ).fetchone()
    return found is not None and bool(found[0])


def sqlalchemy_url(role: str, *, driver: str = "psycopg", database: str | None = None) -> str:
    """Address of the tenant's database for SQLAlchemy, in `role` ('' for the bare login), without a password."""
    now = settings()
    options = f"?options={quote(f'-c role={role}')}" if role else ""
    return f"postgresql+{driver}://{now.pg_user}@{now.pg_host}:{now.pg_port}/{database or now.pg_database}{options}"
