"""Erasing a person: the originals leave the vault, raw copies of unreadable records that hold them too; a dated tombstone stays.

In: personal values as the sources wrote them. Out: what was erased, and every place where a value can still be found. Landed records hold
tokens and masks alone, so their hashes, the features and the frozen forecasts stay as they are. The tombstone keeps look-up hash and token:
a source that still shows the person gets the same token again, and the value is not kept a second time.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from psycopg import sql
from psycopg.errors import LockNotAvailable

from config.settings import settings
from warehouse.connection import connect
from warehouse.restores import Tombstone, folders_at_hand, journal
from warehouse.searched_files import search
from warehouse.spellings import Spellings, spellings
from warehouse.steps import StepError
from warehouse.stores import beside, put_aside
from warehouse.vault_keys import LOCK, present_check

LOCK_WAIT = "30s"  # for whoever uses the vault just now
REWRITTEN = ("vault.persons", "vault.quarantined", "vault.lead_inbox")
_HELD = """
select p.field_hash from vault.persons as p
where p.original = any(%(values)s)
    or (p.kind = 'phone' and regexp_replace(p.original, '\\D', '', 'g') = any(%(digits)s))
    or (p.kind = 'text' and (
        p.original ~ any(%(phones)s) or exists (select from unnest(%(texts)s::text[]) as a(text) where strpos(p.original, a.text) > 0)
    ))
"""
# An expression is slow: it is asked only of what holds a phone's digits once separators are left out.
_CORES = "exists (select from unnest(%(cores)s::text[]) as c(core) where strpos(translate({}, E' ().-\\t\\r\\n', ''), c.core) > 0)"
_IN_RAW = f"""(
    ({_CORES.format("encode(raw, 'escape')")} and encode(raw, 'hex') ~ any(%(phones_in_hex)s))
    or exists (select from unnest(%(in_bytes)s::bytea[]) as a(form) where position(a.form in raw) > 0)
)"""
_QUARANTINED = f"delete from vault.quarantined where {_IN_RAW}"  # noqa: S608 - our own constants
# The event stays, so that a repetition of it is still known.
_INBOX = f"update vault.lead_inbox set raw = '' where {_IN_RAW}"  # noqa: S608 - our own constants
_ROWS = f"""
select count(*) from {{}} as t cross join lateral (select t::text as line offset 0) as r
where exists (select from unnest(%(in_rows)s::text[]) as a(text) where strpos(r.line, a.text) > 0)
    or ({_CORES.format("r.line")} and r.line ~ any(%(phones)s))
    or (strpos(r.line, '\\x') > 0 and r.line ~ any(%(phones_in_hex)s))
"""  # noqa: S608 - our own constants


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure took out (or would take out): values by kind, and raw copies of unreadable records."""

    by_kind: dict[str, int]
    raw_copies: int


def erase(values: Sequence[str], as_of: date, asked_by: str, *, dry_run: bool = False) -> Erased:
    """Take `values` out of the vault in one transaction; a phone is found in any way of writing it, a note by any value it holds.

    Where backups are kept, it is written down beside them, so that none brings a person back. The tables are then rewritten, so that no
    deleted row keeps its bytes in their files. Raises StepError for a value of one character, where a folder of backups is away,
    and when somebody uses the vault for so long that it cannot be rewritten.
    """
    looked_for = _parameters(spellings(values))
    with connect("loader") as connection:
        connection.execute(LOCK.format("pg_advisory_xact_lock_shared"))
        hashes = [field_hash for (field_hash,) in connection.execute(_HELD, looked_for)]
        taken = connection.execute(
            "with gone as (delete from vault.persons where field_hash = any(%s) returning field_hash, token, kind),"
            " kept as (insert into vault.erasures (field_hash, token, kind, asked_on, asked_by)"
            " select field_hash, token, kind, %s, %s from gone)"
            " select field_hash, token, kind from gone order by kind",
            (hashes, as_of, asked_by),
        ).fetchall()
        raw = connection.execute(_QUARANTINED, looked_for).rowcount + connection.execute(_INBOX, looked_for).rowcount
        if dry_run:
            connection.rollback()
        elif kept_in := folders_at_hand():
            check = present_check(connection) or ""
            stones = [
                Tombstone(settings().tenant, field_hash, token, kind, as_of, asked_by, check)
                for field_hash, token, kind in taken
            ]
            for folder in kept_in:
                journal(folder, stones)
    if not dry_run:
        _rewrite()
    return Erased(dict(Counter(str(kind) for *_, kind in taken)), raw)


def places(values: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Where `values` can be found: ("database schema.table", rows) and ("path", 1); looks at every table and at every file under home.

    A file that cannot be looked into comes as ("path (why)", 0). What a failed upgrade put aside is looked at too.
    """
    spelled = spellings(values)
    for database in (settings().pg_database, *beside(), *put_aside()):
        yield from _in_database(database, _parameters(spelled))
    for path, why in search(spelled):
        yield (f"{path} ({why})", 0) if why else (str(path), 1)


def _parameters(spelled: Spellings) -> dict[str, list[Any]]:
    return {
        **asdict(spelled),
        "digits": spelled.digits,
        "in_bytes": spelled.in_bytes,
        "in_rows": spelled.in_rows,
    }


def _rewrite() -> None:
    """Write the vault's tables anew, outside the transaction: deleted rows leave the files. WAL and backups are not reached."""
    with connect("owner_ddl", autocommit=True) as connection:
        connection.execute("select set_config('lock_timeout', %s, false)", (LOCK_WAIT,))
        try:
            connection.execute(f"vacuum (full) {', '.join(REWRITTEN)}")
        except LockNotAvailable as error:
            raise StepError(
                "the values are erased, and the server's files may still hold their bytes: a step or the webhook uses the vault;"
                " wait until it ends, then rerun"
            ) from error


def _in_database(database: str, looked_for: dict[str, list[Any]]) -> Iterator[tuple[str, int]]:
    """Rows of every table of `database` that hold one of the values in any column."""
    with connect(None, autocommit=True, database=database) as connection:
        tables = connection.execute(
            "select schemaname, tablename, tableowner from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2"
        ).fetchall()
        for schema, table, owner in tables:
            name = sql.Identifier(schema, table)
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(owner)))
            found = connection.execute(sql.SQL(_ROWS).format(name), looked_for).fetchone()
            if found and found[0]:
                yield f"{database} {schema}.{table}", found[0]
