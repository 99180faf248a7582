"""Who sees which rows of a mart: one row-level policy each, from the column that places a row in the organisation.

In: `ops.org_access` (account, node), the organisation of the day that is published. Out: `ops.org_reach` (a node and all below it) and a
policy on `marts.<name>` that compares `current_user` with both through one uncorrelated IN. The views `published.<name>` belong to
`publisher`, which is subject to the policy; `current_user` in it is the reader. A page server, which reads with one login for all of
its people, applies the same condition with the name of whoever is signed in (`condition_for`).
"""

from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from hashlib import sha256
from typing import Any

import psycopg
from psycopg import sql

from warehouse.roles import matrix

POLICY = "own_nodes"
WHOLE = "*"

# A member of a group may SET ROLE to it and shall not become it: only its own name counts, unless it is the pipeline's login.
_NODES_OF = (
    "select r.node_id from ops.org_access as a join ops.org_reach as r on r.ancestor_id = a.node_id where a.account = "
)
_OWN = f"""
    {_NODES_OF}current_user and (a.account = session_user or pg_has_role(session_user, 'transformer', 'member'))
"""
_REACH = """
    with days as (select max(as_of_date) as day from intermediate.int_org_nodes where as_of_date <= %(day)s),
    reach as (
        select ancestor_id, node_id from intermediate.int_org_ancestors join days on as_of_date = day
        union
        select node_id, '*' from intermediate.int_org_nodes join days on as_of_date = day where parent_node_id is null
    ),
    gone as (
        delete from ops.org_reach as held
        where ancestor_id <> '*' and exists (select from reach)
        and not exists (select from reach where (reach.ancestor_id, reach.node_id) = (held.ancestor_id, held.node_id))
    )

    insert into ops.org_reach (ancestor_id, node_id) select ancestor_id, node_id from reach on conflict do nothing
"""


def guard_statements(name: str, columns: list[str]) -> list[sql.Composed]:
    """Statements by which the owner of `marts.<name>` puts its policy in place of any former one and forces it on everybody."""
    table, policy = sql.Identifier("marts", name), sql.Identifier(POLICY)
    return [
        sql.SQL("alter table {} enable row level security").format(table),
        sql.SQL("alter table {} force row level security").format(table),
        sql.SQL("drop policy if exists {} on {}").format(policy, table),
        sql.SQL("create policy {} on {} for select to publisher using ({})").format(
            policy, table, _condition(name, columns)
        ),
        sql.SQL("comment on policy {} on {} is {}").format(policy, table, sql.Literal(_signature(name, columns))),
        sql.SQL("revoke all on {} from checker").format(table),  # the default for its owner's tables, meant for builds
    ]


def is_guarded(connection: psycopg.Connection, name: str, columns: list[str]) -> bool:
    """Whether `marts.<name>` has row-level security, forced, with the policy that today's columns ask for."""
    found = connection.execute(
        "select c.relrowsecurity and c.relforcerowsecurity, obj_description(p.oid, 'pg_policy')"
        " from pg_class as c left join pg_policy as p on p.polrelid = c.oid and p.polname = %s"
        " where c.relnamespace = 'marts'::regnamespace and c.relname = %s",
        (POLICY, name),
    ).fetchone()
    return found == (True, _signature(name, columns))


def refresh_reach(connection: psycopg.Connection, as_of: date) -> None:
    """Make `ops.org_reach` the organisation of `as_of`, inside the caller's transaction; without an organisation it stays as it is."""
    known: Any = connection.execute("select to_regclass('intermediate.int_org_ancestors')").fetchone()
    if known[0] is not None:
        connection.execute(_REACH, {"day": as_of})


def condition_for(account: str, names: list[str], columns: list[str]) -> str:
    """The policy's condition on rows with `columns`, read from the marts `names`, for the account that the SQL text `account` gives."""
    own = _NODES_OF + account
    if all(_basis(name, columns).startswith("open") for name in names):
        return _condition(names[0], columns, own).as_string(None)
    return _condition("", columns, own).as_string(None)


@cache
def _row_access() -> dict[str, list[str]]:
    return dict(matrix()["row_access"])


def _placed_by(columns: list[str]) -> str | None:
    return next((column for column in _row_access()["columns"] if column in columns), None)


def _basis(name: str, columns: list[str]) -> str:
    if any(fnmatchcase(name, pattern) for pattern in _row_access()["open"]):
        return "open to every account"
    return f"rows of own nodes by {_placed_by(columns) or 'nothing: the whole organisation only'}"


def _signature(name: str, columns: list[str]) -> str:
    """The policy's comment: what places a row, and a digest of the condition, so that a changed one replaces it."""
    condition = _condition(name, columns).as_string(None)
    return f"{_basis(name, columns)} ({sha256(condition.encode()).hexdigest()[:12]})"


def _condition(name: str, columns: list[str], own: str = _OWN) -> sql.Composed:
    column, basis = _placed_by(columns), _basis(name, columns)
    nodes = sql.SQL(own)
    if basis.startswith("open"):
        return sql.SQL("(select exists ({}))").format(nodes)
    whole = sql.SQL("(select {} in ({}))").format(sql.Literal(WHOLE), nodes)
    if column is None:
        return whole
    return sql.SQL("{} or {} in ({})").format(whole, sql.Identifier(column), nodes)
