"""The roles' matrix as data (`roles.yml`), and the catalogue held against it.

In: the matrix and every database, schema, table, column and function that the catalogue knows. Out: the differences as sentences; an
empty list means that each role may do exactly what the matrix says.
"""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import psycopg
import yaml

MATRIX = Path(__file__).parent / "roles.yml"
Grants = set[tuple[str, str, str]]  # role, thing, verb

_TABLE_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
_OURS = "n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'migration')"
# A verb on one column alone counts as the verb: the matrix knows none.
_GRANTED = f"""
    with roles (role) as (select unnest(%(roles)s::text[])),
    things as (
        select role, 'database' as thing, verb, has_database_privilege(role, current_database(), verb) as may
        from roles, unnest('{{CONNECT,CREATE,TEMPORARY}}'::text[]) as verb
        union all
        select role, 'schema ' || n.nspname, verb, has_schema_privilege(role, n.oid, verb)
        from roles, pg_namespace as n, unnest('{{USAGE,CREATE}}'::text[]) as verb where {_OURS}
        union all
        select
            role, 'table ' || n.nspname || '.' || c.relname, verb,
            has_table_privilege(role, c.oid, verb)
            or (verb in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') and has_any_column_privilege(role, c.oid, verb))
        from roles, pg_class as c join pg_namespace as n on n.oid = c.relnamespace, unnest(%(verbs)s::text[]) as verb
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and {_OURS}
        union all
        select role, 'sequence ' || n.nspname || '.' || c.relname, verb, has_sequence_privilege(role, c.oid, verb)
        from roles, pg_class as c join pg_namespace as n on n.oid = c.relnamespace, unnest('{{USAGE,SELECT,UPDATE}}'::text[]) as verb
        where c.relkind = 'S' and {_OURS}
        union all
        select role, 'function ' || n.nspname || '.' || p.proname, 'EXECUTE', has_function_privilege(role, p.oid, 'EXECUTE')
        from roles, pg_proc as p join pg_namespace as n on n.oid = p.pronamespace where {_OURS}
    )

    select role, thing, verb, may from things
"""  # noqa: S608 - our own constants
_OWNED = f"""
    select pg_get_userbyid(owner), kind, name from (
        select c.relowner as owner, case c.relkind when 'S' then 'sequence' else 'table' end as kind, n.nspname || '.' || c.relname as name
        from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and {_OURS}
        union all
        select p.proowner, 'function', n.nspname || '.' || p.proname
        from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace where {_OURS}
    ) as owned
"""  # noqa: S608 - our own constants
_ATTRIBUTES = """
    select rolname from pg_roles where rolname = any(%s)
    and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolcanlogin or rolinherit)
"""
_MEMBERS = """
    select m.member::regrole::text, m.roleid::regrole::text from pg_auth_members as m
    where m.member = any(%(roles)s::text[]::regrole[])
"""
_UNSAFE_FUNCTIONS = f"""
    select n.nspname || '.' || p.proname from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
    where p.prosecdef and {_OURS} and not coalesce(array_to_string(p.proconfig, ' ') like '%%search_path=%%', false)
"""  # noqa: S608 - our own constants


def matrix() -> dict[str, Any]:
    """The whole of `roles.yml`."""
    return dict(yaml.safe_load(MATRIX.read_text("utf-8")))


def differences(connection: psycopg.Connection) -> list[str]:
    """One sentence for each way in which the catalogue is not the matrix: too much, too little, wrong owner, unsafe role or function."""
    roles: dict[str, Any] = matrix()["roles"]
    given = {"roles": list(roles), "verbs": list(_TABLE_VERBS)}
    found = connection.execute(_GRANTED, given).fetchall()
    things = {thing for _, thing, _, _ in found}
    granted = {(role, thing, verb) for role, thing, verb, may in found if may}
    owned = connection.execute(_OWNED).fetchall()
    declared = _declared(roles, things)
    said = [f"{role} may {verb} on {thing}, and roles.yml does not say so" for role, thing, verb in granted - declared]
    said += [f"{role} may not {verb} on {thing}, and roles.yml says it may" for role, thing, verb in declared - granted]
    said += _wrong_owners(roles, owned)
    said += [f"{name} may more than a plain role" for (name,) in connection.execute(_ATTRIBUTES, (list(roles),))]
    said += [f"{member} is a member of {of}" for member, of in connection.execute(_MEMBERS, given)]
    said += [
        f"function {name} is security definer without a search_path"
        for (name,) in connection.execute(_UNSAFE_FUNCTIONS)
    ]
    return sorted(said)


def _declared(roles: dict[str, Any], things: set[str]) -> Grants:
    """What the matrix says of the things that exist; the most exact pattern of a role decides."""
    declared: Grants = set()
    for role, may in roles.items():
        declared |= {(role, "database", verb) for verb in may.get("database", [])}
        for thing in things:
            kind, _, name = thing.partition(" ")
            declared |= {(role, thing, verb) for verb in _verbs(may, kind, name)}
    return declared


def _verbs(may: dict[str, Any], kind: str, name: str) -> list[str]:
    if kind != "schema" and any(fnmatchcase(name, pattern) for pattern in may.get("owns", [])):
        every = {"table": list(_TABLE_VERBS), "sequence": ["USAGE", "SELECT", "UPDATE"], "function": ["EXECUTE"]}
        return every.get(kind, [])
    if kind == "function":
        return ["EXECUTE"] if name in may.get("functions", []) else []
    listed: dict[str, list[str]] = may.get({"schema": "schemas", "table": "tables"}.get(kind, ""), {})
    fitting = [pattern for pattern in listed if fnmatchcase(name, pattern)]
    return listed[max(fitting, key=lambda pattern: ("*" not in pattern, len(pattern)))] if fitting else []


def _wrong_owners(roles: dict[str, Any], owned: list[tuple[Any, ...]]) -> list[str]:
    said = []
    for owner, kind, name in owned:
        due = [role for role, may in roles.items() if any(fnmatchcase(name, each) for each in may.get("owns", []))]
        if due != [owner]:
            said.append(f"{kind} {name} is owned by {owner}, and roles.yml says {' or '.join(due) or 'nobody'}")
    return said
