"""Where secrets and persons of a company can be found after its nights, beside the places that are theirs.

In: settings that point at the company's home and database. Out: tables and files that hold one of the values as it is written. All tables
of all databases of the company but the vault's are looked through, and all files under its home but those of secrets.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from psycopg import sql

from config.settings import settings
from warehouse.connection import connect
from warehouse.redaction import known_secrets
from warehouse.searched_files import ours
from warehouse.stores import beside

THEIRS = {"runtime.env", "pgpass", "keys", "tokens"}  # files and folders of secrets, the owner's alone
TABLES = "select schemaname, tablename, tableowner from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"


def phones_of(home: Path, count: int = 20) -> list[str]:
    """Phones of people who asked for an offer, as the company's own file has them."""
    leads = "select distinct json_extract(body, '$.mobile') from current where object = 'LeadsObj' order by 1 limit ?"
    with closing(sqlite3.connect(home / "sandbox" / "company.sqlite", timeout=60)) as connection:
        return [str(phone) for (phone,) in connection.execute(leads, (count,))]


def secrets_in_use(home: Path) -> list[str]:
    """Secrets of the settings in force, and the keys that services drew for themselves."""
    drawn = [path.read_text("utf-8").strip() for path in sorted((home / "airflow" / "keys").glob("*"))]
    return [*known_secrets(), *drawn]


def found_outside(values: Sequence[str]) -> list[str]:
    """Places that hold one of `values` and are neither the vault nor a file of secrets."""
    canary = re.compile(b"|".join(re.escape(value.encode()) for value in values))
    tables = [place for database in (settings().pg_database, *beside()) for place in _tables(database, canary)]
    return [*tables, *_files(settings().home, canary)]


def _tables(database: str, canary: re.Pattern[bytes]) -> Iterator[str]:
    with connect(None, autocommit=True, database=database) as connection:
        for schema, table, owner in connection.execute(TABLES).fetchall():
            if schema == "vault":
                continue
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(owner)))
            with connection.cursor().copy(sql.SQL("copy {} to stdout").format(sql.Identifier(schema, table))) as rows:
                if any([canary.search(row) for row in rows]):  # noqa: C419 - read to the end, or the connection is of no more use
                    yield f"{database} {schema}.{table}"


def _files(home: Path, canary: re.Pattern[bytes]) -> Iterator[str]:
    for path in ours(home):
        if not THEIRS & set(path.relative_to(home).parts) and canary.search(path.read_bytes()):
            yield str(path)
