"""Who may see what, who looked, and whether every mart and dataset holds rows back: the access audit, as it is this minute.

In: `ops.org_access` and the catalogue, asked with the pages' own login, and Superset's records of sign-ins and pages opened. Out: what
`access.html` shows, to accounts of the whole organisation alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2

LOOKED_BACK = timedelta(days=30)
_ACCOUNTS = """
    select a.account, string_agg(a.node_id, ' ' order by a.node_id), max(a.granted_at), max(a.granted_by),
        (select count(distinct r.node_id) from ops.org_access as b join ops.org_reach as r on r.ancestor_id = b.node_id
        where b.account = a.account and r.node_id <> '*')
    from ops.org_access as a group by a.account order by a.account
"""
_GUARDS = """
    select c.relname, c.relrowsecurity and c.relforcerowsecurity and p.oid is not null,
        coalesce(regexp_replace(obj_description(p.oid, 'pg_policy'), ' \\([0-9a-f]+\\)$', ''), '')
    from pg_class as c left join pg_policy as p on p.polrelid = c.oid and p.polname = 'own_nodes'
    where c.relnamespace = 'marts'::regnamespace and c.relkind = 'p' order by 2, 1
"""
_SEES_ALL = "select exists (select from ops.org_access where account = %s and node_id = '*')"


@dataclass(frozen=True)
class Account:
    """A login: what it may see, since when, and what it looked at."""

    name: str
    nodes: str
    reach: int
    granted_at: datetime
    granted_by: str
    signed_in_at: datetime | None
    opened: dict[str, int]


@dataclass(frozen=True)
class Audit:
    """The accounts; each mart with its rule, and the datasets of the pages that have none."""

    accounts: list[Account]
    marts: list[tuple[str, bool, str]]
    datasets: int
    unguarded: list[str]

    @property
    def is_whole(self) -> bool:
        """Whether every mart and every dataset holds rows back."""
        return bool(self.marts) and all(held for _, held, _ in self.marts) and not self.unguarded


def may_audit(told: dict[str, Any], account: str) -> bool:
    """Whether an account sees the whole organisation."""
    return bool(_asked(told, _SEES_ALL, (account,))[0][0])


def audit(told: dict[str, Any], now: datetime | None = None) -> Audit:
    """The audit as of now; Superset's application context is needed for its records."""
    signed_in, opened = _looked((now or datetime.now(UTC)).replace(tzinfo=None) - LOOKED_BACK)
    accounts = [
        Account(name, nodes, reach, granted_at, granted_by, signed_in.get(name), opened.get(name, {}))
        for name, nodes, granted_at, granted_by, reach in _asked(told, _ACCOUNTS)
    ]
    datasets, unguarded = _datasets()
    return Audit(accounts, [(name, held, basis) for name, held, basis in _asked(told, _GUARDS)], datasets, unguarded)


def _asked(told: dict[str, Any], query: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(told["data"].replace("postgresql+psycopg2:", "postgresql:"), connect_timeout=10)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
    finally:
        connection.close()


def _looked(since: datetime) -> tuple[dict[str, datetime], dict[str, dict[str, int]]]:
    """When each account last signed in, and how often it opened which page."""
    from superset import db, security_manager
    from superset.models.core import Log
    from superset.models.dashboard import Dashboard

    user = security_manager.user_model
    signed_in = {name: at for name, at in db.session.query(user.username, user.last_login) if at}
    opened: dict[str, dict[str, int]] = {}
    seen = (
        db.session.query(user.username, Dashboard.slug, db.func.count())
        .select_from(Log).join(user, user.id == Log.user_id).join(Dashboard, Dashboard.id == Log.dashboard_id)
        .filter(Log.action == "dashboard", Log.dttm >= since).group_by(user.username, Dashboard.slug)
    )  # fmt: skip
    for name, page, times in seen:
        opened.setdefault(name, {})[page or "?"] = times
    return signed_in, opened


def _datasets() -> tuple[int, list[str]]:
    """How many datasets there are, and those without a rule that holds for every role."""
    from superset import db
    from superset.connectors.sqla.models import RowLevelSecurityFilter, SqlaTable

    guarded = {
        table.id
        for rule in db.session.query(RowLevelSecurityFilter).filter_by(filter_type="Base")
        for table in rule.tables
    }
    found = db.session.query(SqlaTable).filter_by(schema="published").all()
    return len(found), sorted(table.table_name for table in found if table.id not in guarded)
