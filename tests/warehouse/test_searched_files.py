"""Where a personal value may still stand after an erasure: in packed files, in what the server logs, in what a failed upgrade put aside."""

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from config.settings import settings
from warehouse.connection import connect
from warehouse.erasure import places

PHONE, NAME = "13812345678", "欧阳震华"


@pytest.fixture
def home(tenant_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A home of its own beside a server that is another's."""
    kept = settings()
    for name, value in {"HOME": tmp_path, "PG_PORT": kept.pg_port, "PG_PASSFILE": kept.pg_passfile}.items():
        monkeypatch.setenv(f"LANDFALL_{name}", str(value or ""))
    settings.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


def test_packed_files_are_opened_and_what_cannot_be_looked_into_is_named(home: Path) -> None:
    """They used to be passed over in silence."""
    for folder in ("exports", "sandbox", "postgres/data"):
        (home / folder).mkdir(parents=True)
    (home / "exports" / "leads.csv.gz").write_bytes(gzip.compress(f"电话,{PHONE}".encode()))
    for book in ("exports/leads.xlsx", "sandbox/its_own.xlsx"):
        with zipfile.ZipFile(home / book, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("xl/styles.xml", "<styles/>")
            packed.writestr("xl/sharedStrings.xml", f"<si><t>{NAME}</t></si>")
    (home / "exports" / "torn.csv.gz").write_bytes(gzip.compress(b"x" * 9999)[:-20])
    (home / "sandbox.dump").write_bytes(b"PGDMP...")
    (home / "postgres" / "server.log").write_text(f"DETAIL: Failing row contains ({PHONE}).")
    (home / "postgres" / "data" / "1234").write_text(PHONE)
    torn = "Compressed file ended before the end-of-stream marker was reached"
    assert list(places([PHONE, NAME])) == [
        (str(home / "exports" / "leads.csv.gz"), 1),
        (str(home / "exports" / "leads.xlsx"), 1),
        (f"{home / 'exports' / 'torn.csv.gz'} ({torn})", 0),
        (str(home / "postgres" / "server.log"), 1),
        (f"{home / 'sandbox.dump'} (a dump of PostgreSQL)", 0),
    ]


def test_what_a_failed_upgrade_put_aside_is_looked_at(home: Path) -> None:
    """It holds the whole vault of before."""
    failed = f"{settings().pg_database}_failed"
    with connect(None, autocommit=True, database="postgres") as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(failed)))
    try:
        with connect(None, database=failed) as aside:
            aside.execute(sql.SQL("create table persons as select {} as original").format(sql.Literal(PHONE)))
        assert list(places([PHONE])) == [(f"{failed} public.persons", 1)]
    finally:
        with connect(None, autocommit=True, database="postgres") as server:
            server.execute(sql.SQL("drop database {}").format(sql.Identifier(failed)))
