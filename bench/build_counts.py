"""PostgreSQL's own counters of what a build did, table by table.

In: the tenant's database. Out: rows read and written since an earlier count, WAL bytes.
"""

from dataclasses import dataclass
from typing import LiteralString

import psycopg

from config.settings import settings
from warehouse.connection import connect

DERIVED = ("staging", "intermediate", "kept")
SPINE = "intermediate.int_open_opportunities_as_of"  # a row for each open deal and day, as its features are
_VERSION = "valid_to"  # a table with this column is a history: it holds versions


@dataclass(frozen=True)
class Table:
    """Counters of one table; `rows`: how many it holds."""

    read: int
    written: int
    rows: int
    is_history: bool


@dataclass(frozen=True)
class Counts:
    """Counters of all tables, or their growth."""

    tables: dict[str, Table]
    wal: int = 0

    def since(self, before: "Counts", wal: int) -> "Counts":
        """What was counted after `before`; a table that was made anew counts from nought."""
        grown = {}
        for name, now in self.tables.items():
            then = before.tables.get(name)
            is_same = then is not None and now.read >= then.read and now.written >= then.written
            read, written = (then.read, then.written) if then and is_same else (0, 0)
            grown[name] = Table(now.read - read, now.written - written, now.rows, now.is_history)
        return Counts(grown, wal)

    @property
    def histories(self) -> dict[str, int]:
        """Rows inserted, updated and deleted in each history of staging and intermediate."""
        return {name: t.written for name, t in self.tables.items() if _is_derived(name) and t.is_history}

    @property
    def others(self) -> int:
        """Rows written in staging and intermediate outside the histories and the spine, with what is remembered of builds."""
        return sum(
            t.written for name, t in self.tables.items() if _is_derived(name) and not t.is_history and name != SPINE
        )

    def written(self, names: tuple[str, ...]) -> int:
        """Rows written in tables whose names begin with one of `names`."""
        return sum(t.written for name, t in self.tables.items() if name.startswith(names))

    def touched(self, names: tuple[str, ...]) -> int:
        """Rows read and written of tables whose names begin with one of `names`."""
        return sum(t.read + t.written for name, t in self.tables.items() if name.startswith(names))

    def dearest(self, of: str = "written", how_many: int = 40) -> list[str]:
        """The tables that were `written` or `read` most, in words."""
        most = sorted(self.tables.items(), key=lambda item: -getattr(item[1], of))[:how_many]
        return [f"{name}: {t.written:,} written, {t.read:,} read, holds {t.rows:,}" for name, t in most]

    @property
    def read(self) -> int:
        """Rows read of landing, staging and intermediate, by scan or by index."""
        return sum(t.read for name, t in self.tables.items() if _is_derived(name) or name.startswith("landing."))

    @property
    def base(self) -> int:
        """Rows that landing, staging and intermediate hold."""
        return sum(t.rows for name, t in self.tables.items() if _is_derived(name) or name.startswith("landing."))


def _is_derived(name: str) -> bool:
    return name.partition(".")[0] in DERIVED


def counted() -> Counts:
    """The counters as they stand. A session's counts arrive when it ends, so every session of the build has to be over."""
    with connect(None) as connection:
        rows = connection.execute(
            """
            select s.schemaname || '.' || s.relname, coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0),
                s.n_tup_ins + s.n_tup_upd + s.n_tup_del, s.n_live_tup,
                exists (select from pg_attribute as a where a.attrelid = s.relid and a.attname = %s and not a.attisdropped)
            from pg_stat_user_tables as s where s.schemaname = any (%s) or s.schemaname ^@ 'build_'""",
            (_VERSION, ["landing", *DERIVED, "features", "scores", "bench_snapshot"]),
        ).fetchall()
    return Counts({name: Table(*values) for name, *values in rows})


def settle() -> None:
    """All tables as autovacuum leaves them, into which much was written: statistics, and which pages everybody sees."""
    _as_superuser("vacuum (analyze)")


def checkpoint() -> None:
    """Everything is on disk: whatever is counted next writes each page that it changes in full once."""
    _as_superuser("checkpoint")


def count_no_cleaning() -> None:
    """Autovacuum comes when it likes and would be counted with whoever is at work; `settle` does for each table what it does."""
    _as_superuser("alter system set autovacuum = off", "select pg_reload_conf()")


def _as_superuser(*statements: LiteralString) -> None:
    now = settings()
    with psycopg.connect(
        host=now.pg_host, port=now.pg_port or 5432, user="postgres", dbname=now.pg_database, passfile=str(now.pg_passfile), autocommit=True
    ) as connection:  # fmt: skip
        for statement in statements:
            connection.execute(statement)


def wal_bytes() -> int:
    """How far the server's write-ahead log has come, in bytes."""
    with connect(None) as connection:
        found = connection.execute("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint").fetchone()
    return int(found[0]) if found else 0


def open_deals() -> int:
    """Rows of the spine of the last day built."""
    with connect("transformer") as connection:
        found = connection.execute("select count(*) from intermediate.int_open_opportunities_as_of").fetchone()
    return int(found[0]) if found else 0
