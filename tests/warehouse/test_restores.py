"""What was erased after a backup is erased again when it comes back; the journal beside the backups tells it without a personal value."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from config.settings import settings, use
from connectors.privacy import protect
from warehouse.connection import connect
from warehouse.erasure import erase
from warehouse.restores import JOURNAL, apply_erasures, journalled, note_folder
from warehouse.steps import StepError
from warehouse.walks import Loading, loading

DAY = date(2026, 5, 20)
PHONE, OTHER = "13812345678", "13900000001"
VAULT = "truncate vault.quarantined, vault.persons, vault.erasures, ops.quarantine"
HELD = "select original from vault.persons order by 1"


@pytest.fixture
def backups(tenant_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of backups of a tenant whose vault is empty."""
    kept = settings()
    for name, value in {
        "VAULT_KEY": "key",
        "HOME": tmp_path,
        "PG_PORT": kept.pg_port,
        "PG_PASSFILE": kept.pg_passfile,
    }.items():
        monkeypatch.setenv(f"LANDFALL_{name}", str(value or ""))
    monkeypatch.setenv("LANDFALL_BACKUP_DIR", "")
    use(backup_dir=str(tmp_path / "backups"))
    yield tmp_path / "backups"
    with connect("owner_ddl") as owner:
        owner.execute(VAULT)
    monkeypatch.undo()
    settings.cache_clear()


def landed(connection: Loading) -> None:
    protect(connection, [{"mobile": PHONE}, {"mobile": OTHER}], {"mobile": "phone"}, "load-1")


def as_before_the_erasure() -> None:
    """The vault as a backup from before has it, with a raw copy of a record that could not be read."""
    with connect("owner_ddl") as owner:
        owner.execute(VAULT)
    with loading("fxiaoke") as connection:
        landed(connection)
        connection.execute(
            "with noted as (insert into ops.quarantine (load_id, system, stream, reason) values ('l', 'fxiaoke', 'leads', 'x')"
            " returning quarantine_id) insert into vault.quarantined select quarantine_id, 'raw'::bytea from noted"
        )


def test_a_person_erased_after_the_backup_is_erased_again_and_keeps_the_token(backups: Path) -> None:
    with loading("fxiaoke") as connection:
        landed(connection)
    erase([PHONE], DAY, "request 7")
    with connect("loader") as reading:
        tombstones = reading.execute(
            "select field_hash, token, kind, asked_on, asked_by from vault.erasures"
        ).fetchall()
    assert PHONE not in (backups / JOURNAL).read_text("utf-8")

    as_before_the_erasure()
    assert apply_erasures(list(journalled(backups, settings().tenant))) == (1, 1)
    with connect("loader") as reading:
        assert reading.execute(HELD).fetchall() == [(OTHER,)]
        assert (
            reading.execute("select field_hash, token, kind, asked_on, asked_by from vault.erasures").fetchall()
            == tombstones
        )
        assert reading.execute("select count(*) from vault.quarantined").fetchone() == (0,)


def test_an_erasure_that_the_backup_knows_and_one_of_another_tenant_change_nothing(backups: Path) -> None:
    with loading("fxiaoke") as connection:
        landed(connection)
    erase([PHONE], DAY, "request 7")
    assert apply_erasures(list(journalled(backups, settings().tenant))) == (0, 0)
    assert list(journalled(backups, "another")) == []


def test_a_dry_run_writes_nothing_down(backups: Path) -> None:
    with loading("fxiaoke") as connection:
        landed(connection)
    erase([PHONE], DAY, "request 7", dry_run=True)
    assert not (backups / JOURNAL).exists()


def test_a_journal_that_cannot_be_read_stops_with_its_line(backups: Path) -> None:
    backups.mkdir()
    (backups / JOURNAL).write_text("{}\n", "utf-8")
    with pytest.raises(StepError, match="cannot be read in line 1"):
        list(journalled(backups, settings().tenant))


def test_an_erasure_is_written_down_wherever_backups_were_put_and_waits_for_a_folder_that_is_away(
    backups: Path, tmp_path: Path
) -> None:
    """What `make backup TO=…` had put elsewhere brought the person back."""
    elsewhere, gone = tmp_path / "elsewhere", tmp_path / "gone"
    elsewhere.mkdir()
    note_folder(elsewhere)
    note_folder(gone)
    with loading("fxiaoke") as connection:
        landed(connection)
    with pytest.raises(StepError, match="gone, where backups were kept, is not there"):
        erase([PHONE], DAY, "request 7")
    with connect("loader") as reading:
        assert reading.execute(HELD).fetchall() == [(PHONE,), (OTHER,)]
    gone.mkdir()
    erase([PHONE], DAY, "request 7")
    told = {folder: list(journalled(folder, settings().tenant)) for folder in (backups, elsewhere, gone)}
    assert [len(stones) for stones in told.values()] == [1, 1, 1]
