"""A person who asks to be erased leaves every place but the hashes that others rely on."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from config.settings import child_environment, settings
from connectors.privacy import protect
from warehouse.connection import connect
from warehouse.erasure import Erased, erase, places
from warehouse.walks import Loading, loading

PHONE, NAME, NOTE = "13812345678", "欧阳震华", "请致电 13812345678 确认"
KINDS = {"mobile": "phone", "contact": "name", "note": "text"}
DAY = date(2026, 5, 20)


@pytest.fixture
def connection(tenant_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Loading]:
    """A loading connection of a tenant whose vault is empty, with a home of its own."""
    kept = settings()
    monkeypatch.setenv("LANDFALL_VAULT_KEY", "key")
    monkeypatch.setenv("LANDFALL_TOKEN_SEED", "")
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path))
    monkeypatch.setenv("LANDFALL_PG_PORT", str(kept.pg_port))
    monkeypatch.setenv("LANDFALL_PG_PASSFILE", str(kept.pg_passfile or ""))
    settings.cache_clear()
    with loading("fxiaoke") as open_connection:
        yield open_connection
        open_connection.execute("delete from vault.quarantined")
        open_connection.execute("delete from vault.persons")
        open_connection.execute("delete from vault.erasures")
    settings.cache_clear()


def landed(connection: Loading, load_id: str, mobile: str = "138 1234 5678") -> dict[str, object]:
    """A lead as it is landed."""
    record: dict[str, object] = {"mobile": mobile, "contact": NAME, "note": NOTE}
    protect(connection, [record], KINDS, load_id)
    return record


def test_every_spelling_and_every_note_that_holds_a_value_leaves_the_vault(connection: Loading) -> None:
    landed(connection, "load-1")
    landed(connection, "load-2", mobile="13900000001")
    assert erase([PHONE, NAME], DAY, "request 7") == Erased({"name": 1, "phone": 1, "text": 1}, 0)
    assert connection.execute("select original from vault.persons").fetchall() == [("13900000001",)]
    assert connection.execute("select kind, asked_on, asked_by from vault.erasures order by kind").fetchall() == [
        (kind, DAY, "request 7") for kind in ("name", "phone", "text")
    ]


def test_a_source_that_still_shows_the_person_brings_neither_the_value_nor_a_new_version_back(
    connection: Loading,
) -> None:
    before = landed(connection, "load-1")
    erase([PHONE, NAME], DAY, "request 7")
    assert landed(connection, "load-2") == before
    assert connection.execute("select count(*) from vault.persons").fetchone() == (0,)


def test_a_raw_copy_of_an_unreadable_record_goes_and_its_reason_stays(connection: Loading) -> None:
    raw = b'{"mobile": "13812345678"}'
    connection.execute(
        "insert into ops.loads (load_id, system, stream, as_of, window_to, state) values ('q', 'fxiaoke', 'leads', %s, now(), 'finished')",
        (DAY,),
    )
    connection.execute(
        "with noted as (insert into ops.quarantine (load_id, system, stream, reason) values ('q', 'fxiaoke', 'leads', 'no id')"
        " returning quarantine_id) insert into vault.quarantined select quarantine_id, %s from noted",
        (raw,),
    )
    assert [place for place, _ in places([PHONE])] == [f"{settings().pg_database} vault.quarantined"]
    assert erase([PHONE], DAY, "request 8") == Erased({}, 1)
    assert list(places([PHONE])) == []
    assert connection.execute("select reason from ops.quarantine").fetchall() == [("no id",)]


def command(values: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The command as a person types it."""
    typed = [
        sys.executable,
        "-m",
        "warehouse",
        "erase",
        "--file",
        str(values),
        "--as-of",
        DAY.isoformat(),
        "--by",
        "request 9",
        *more,
    ]
    return subprocess.run(typed, env=child_environment(), text=True, capture_output=True, check=False)


def test_the_command_names_every_place_that_still_holds_a_value_and_shows_none(
    connection: Loading, tmp_path: Path
) -> None:
    landed(connection, "load-1")
    values = tmp_path.parent / f"{tmp_path.name}-values.txt"
    values.write_text(f"{PHONE}\n{NAME}\n", "utf-8")
    log = tmp_path / "logs" / "by_hand.log"
    log.parent.mkdir()
    log.write_text(f"x{NAME}", "utf-8")
    tried = command(values, "--dry-run")
    assert (tried.returncode, "would take 1 name, 1 phone, 1 text out of the vault" in tried.stdout) == (0, True), tried
    assert connection.execute("select count(*) from vault.persons").fetchone() == (3,)
    found = command(values)
    assert found.returncode == 1
    assert found.stderr.splitlines() == ["still found here, delete it by hand, then rerun:", str(log)]
    assert not any(value in found.stdout + found.stderr for value in (PHONE, NAME))
    log.unlink()
    again = command(values)
    assert again.returncode == 0, again.stderr
    assert "found nowhere else" in again.stdout
    with connect("auditor") as auditor, pytest.raises(Exception, match="permission denied"):
        auditor.execute("select * from vault.erasures")
