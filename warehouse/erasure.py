"""Erasing a person: the originals leave the vault, raw copies of unreadable records that hold them too; a dated tombstone stays.

In: personal values as the sources wrote them. Out: what was erased, and every place where a value can still be found. Landed records hold
tokens and masks alone, so their hashes, the features and the frozen forecasts stay as they are. The tombstone keeps look-up hash and token:
a source that still shows the person gets the same token again, and the value is not kept a second time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from psycopg import sql

from config.settings import settings
from warehouse.connection import connect

OTHER_STORES = ("mlflow", "airflow")  # databases beside the tenant's; absent where a service keeps its own
NOT_OURS = (
    "sandbox",
    "postgres",
)  # folders of home: the company that is a source, and the server's data files, which the tables speak for
CHUNK = 1 << 20  # bytes read of a file at a time
_HELD = """
with asked as (select value, regexp_replace(value, '\\D', '', 'g') as digits from unnest(%s::text[]) as a(value))
select p.field_hash from vault.persons as p
where exists (
    select from asked
    where p.original = asked.value or (p.kind = 'text' and strpos(p.original, asked.value) > 0)
        or (p.kind = 'phone' and length(asked.digits) >= 7 and regexp_replace(p.original, '\\D', '', 'g') = asked.digits)
)"""
_RAW = "from vault.quarantined as q where exists (select from unnest(%s::bytea[]) as a(value) where position(a.value in q.raw) > 0)"

_INBOX = (  # the event stays, so that a repetition of it is still known
    "update vault.lead_inbox as i set raw = '' where exists"
    " (select from unnest(%s::bytea[]) as a(value) where position(a.value in i.raw) > 0)"
    " or exists (select from unnest(%s::text[]) as p(digits)"
    " where strpos(regexp_replace(convert_from(i.raw, 'UTF8'), '[\\s().-]', '', 'g'), p.digits) > 0)"
)


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure took out (or would take out): values by kind, and raw copies of unreadable records."""

    by_kind: dict[str, int]
    raw_copies: int


def erase(values: Sequence[str], as_of: date, asked_by: str, *, dry_run: bool = False) -> Erased:
    """Take `values` out of the vault in one transaction; a phone is found in any way of writing it, a note by any value it holds."""
    spelled = [form for value in values for form in _spellings(value)]
    with connect("loader") as connection:
        hashes = [field_hash for (field_hash,) in connection.execute(_HELD, (list(values),))]
        taken = connection.execute(
            "with gone as (delete from vault.persons where field_hash = any(%s) returning field_hash, token, kind),"
            " kept as (insert into vault.erasures (field_hash, token, kind, asked_on, asked_by)"
            " select field_hash, token, kind, %s, %s from gone)"
            " select kind, count(*) from gone group by kind order by kind",
            (hashes, as_of, asked_by),
        ).fetchall()
        raw = connection.execute(f"delete {_RAW}", (spelled,)).rowcount
        raw += connection.execute(_INBOX, (spelled, _phones(values))).rowcount
        if dry_run:
            connection.rollback()
    if not dry_run:
        _vacuum()
    return Erased({str(kind): int(count) for kind, count in taken}, raw)


def places(values: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Where `values` can be found: ("database schema.table", rows) and ("path", 1); looks at every table and at every file under home."""
    for database in (settings().pg_database, *_stores()):
        yield from _in_database(database, values)
    spelled = [form for value in values for form in _spellings(value)]
    for path in sorted(settings().home.rglob("*")):
        if path.relative_to(settings().home).parts[0] not in NOT_OURS and path.is_file() and _holds(path, spelled):
            yield str(path), 1


def _spellings(value: str) -> set[bytes]:
    """The bytes of a value as text files and raw records write it: plain, and with JSON's escapes."""
    return {value.encode(), value.encode("unicode_escape")}


def _phones(values: Sequence[str]) -> list[str]:
    """The values that are phones, in plain digits: senders write them with all kinds of separators."""
    plain = ["".join(filter(str.isdigit, value)) for value in values if set(value) <= set("0123456789 ()+.-")]
    return [digits for digits in plain if len(digits) >= 7]


def _vacuum() -> None:
    """Give the deleted rows' space free. Until it is used again their bytes stay in the server's files, as in its WAL and backups."""
    with connect("owner_ddl", autocommit=True) as connection:
        connection.execute("vacuum vault.persons, vault.quarantined, vault.lead_inbox")


def _stores() -> list[str]:
    with connect(None, autocommit=True) as connection:
        return [
            name
            for (name,) in connection.execute(
                "select datname from pg_database where datname = any(%s)", (list(OTHER_STORES),)
            )
        ]


def _in_database(database: str, values: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Rows of every table of `database` that hold one of `values` in any column."""
    with connect(None, autocommit=True, database=database) as connection:
        tables = connection.execute(
            "select schemaname, tablename, tableowner from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2"
        ).fetchall()
        for schema, table, owner in tables:
            name = sql.Identifier(schema, table)
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(owner)))
            query = sql.SQL(
                "select count(*) from {} as t where exists (select from unnest(%s::text[]) as a(value)"
                " where strpos(t::text, a.value) > 0 or strpos(t::text, encode(convert_to(a.value, 'UTF8'), 'hex')) > 0)"
            ).format(name)
            found = connection.execute(query, (list(values),)).fetchone()
            if found and found[0]:
                yield f"{database} {schema}.{table}", found[0]


def _holds(path: Path, spelled: Sequence[bytes]) -> bool:
    longest = max(map(len, spelled))
    kept = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            kept = kept[-longest:] + chunk
            if any(form in kept for form in spelled):
                return True
    return False
