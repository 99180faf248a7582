"""Logins of people and BI tools that read `published`: made, listed and removed with the part of the organisation each may see.

In: a name, nodes of the organisation (`*`: the whole), a password file. Out: a login that is member of `bi_reader` with the settings of
`roles.yml` set on it, since members inherit none, and its rows in `ops.org_access`. The password leaves this process as a verifier only.
"""

import re
import secrets
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from warehouse.connection import ROLES, connect
from warehouse.roles import matrix
from warehouse.steps import StepError

SHORTEST_PASSWORD = 12

_LIST = """
    select m.rolname, coalesce(string_agg(a.node_id, ' ' order by a.node_id), '') from pg_auth_members as g
    join pg_roles as m on m.oid = g.member left join ops.org_access as a on a.account = m.rolname
    where g.roleid = 'bi_reader'::regrole and m.rolcanlogin and m.rolname <> session_user group by m.rolname order by m.rolname
"""


def add(name: str, nodes: list[str], password_file: Path, *, dry_run: bool = False) -> str:
    """Create the login `name`, or set its nodes anew; returns a sentence. A missing password file is written with a random password.

    Raises StepError for a name that is not a plain one or belongs to somebody else, for a node nobody published, and where the pipeline's
    login may not make roles.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,62}", name) or name in ROLES or name.startswith("pg_"):
        raise StepError(
            f"{name!r} cannot be a reader's login: choose small letters, digits and _, and no name of a role"
        )
    with connect(None) as connection:
        _require_nodes(connection, nodes)
        is_new = _is_new(connection, name)
        if dry_run:
            return f"would {'create' if is_new else 'change'} reader {name}: sees {' '.join(nodes)}"
        _login(connection, name, is_new=is_new)
        _secure(connection, name, password_file)
        _execute_as_owner(
            connection,
            [
                ("delete from ops.org_access where account = %s and not node_id = any(%s)", (name, nodes)),
                (
                    "insert into ops.org_access (account, node_id) select %s, unnest(%s::text[]) on conflict do nothing",
                    (name, nodes),
                ),
            ],
        )
    return f"{'created' if is_new else 'changed'} reader {name}: sees {' '.join(nodes)}; its password is in {password_file}"


def listed() -> list[tuple[str, str]]:
    """Every reader's login with the nodes it sees, space between them."""
    with connect(None) as connection:
        connection.execute("set role owner_ddl")
        return connection.execute(_LIST).fetchall()


def remove(name: str, *, dry_run: bool = False) -> str:
    """Drop the login `name` and its access; returns a sentence. Raises StepError when it is no reader."""
    if name not in dict(listed()):
        raise StepError(f"{name} is no reader: list them with `python -m warehouse readers list`")
    if dry_run:
        return f"would remove reader {name}"
    with connect(None) as connection:
        _execute_as_owner(connection, [("delete from ops.org_access where account = %s", (name,))])
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
    return f"removed reader {name}"


def _execute_as_owner(connection: psycopg.Connection, statements: list[tuple[str, tuple[Any, ...]]]) -> None:
    connection.execute("set local role owner_ddl")
    for statement, values in statements:
        connection.execute(statement, values)
    connection.execute("set local role none")


def _require_nodes(connection: psycopg.Connection, nodes: list[str]) -> None:
    connection.execute("set local role owner_ddl")
    known = {node for (node,) in connection.execute("select node_id from ops.org_reach")}
    connection.execute("set local role none")
    unknown = [node for node in nodes if node not in known]
    if unknown:
        raise StepError(
            f"node {unknown[0]} is not in the published organisation: take a node_id of published.mart_period_forecast, or *"
        )


def _is_new(connection: psycopg.Connection, name: str) -> bool:
    held = connection.execute(
        "select pg_has_role(oid, 'bi_reader', 'member') and not pg_has_role(oid, 'transformer', 'member')"
        " from pg_roles where rolname = %s",
        (name,),
    ).fetchone()
    if held is not None and not held[0]:
        raise StepError(f"login {name} exists and is no reader: choose another name")
    return held is None


def _login(connection: psycopg.Connection, name: str, *, is_new: bool) -> None:
    if not is_new:
        return
    try:
        connection.execute(sql.SQL("create role {} login inherit in role bi_reader").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise StepError(
            "the pipeline's login may not make logins: give it CREATEROLE, and bi_reader with admin option, then rerun"
        ) from error


def _secure(connection: psycopg.Connection, name: str, password_file: Path) -> None:
    """Password, connection limit and the settings a reader starts with."""
    if not password_file.exists():
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_urlsafe(24) + "\n", "utf-8")
    password = password_file.read_text("utf-8").strip()
    if len(password) < SHORTEST_PASSWORD:
        raise StepError(f"the password in {password_file} is shorter than {SHORTEST_PASSWORD} characters: lengthen it")
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    said, login = matrix(), sql.Identifier(name)
    connection.execute(
        sql.SQL("alter role {} password {} connection limit {}").format(
            login, sql.Literal(verifier), sql.Literal(said["reader_connection_limit"])
        )
    )
    for setting, value in said["reader_settings"].items():
        connection.execute(
            sql.SQL("alter role {} set {} to {}").format(login, sql.Identifier(setting), sql.Literal(value))
        )
