"""The way back of an upgrade: whoever is connected, all databases are put aside, and who was erased since the backup stays erased."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from config.settings import settings
from connectors.privacy import protect
from nightly.backup import keep
from nightly.night_lock import alone
from nightly.upgrade import bring_back, upgrade
from tests.warehouse.nights import Nights
from warehouse.connection import connect
from warehouse.erasure import erase
from warehouse.migrate import MIGRATIONS, pending
from warehouse.publish import publish
from warehouse.steps import StepError
from warehouse.stores import set_aside
from warehouse.walks import loading

pytestmark = pytest.mark.slow
DAY = date(2026, 5, 20)
PHONE, OTHER = "13812345678", "13900000001"


@pytest.fixture
def backups(nights: Nights, tmp_path: Path) -> Iterator[Path]:
    """Where backups go; the server may enter it. The tenant has published a day."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith("pytest-"):
            folder.chmod(0o755)
    nights.build(DAY)
    publish(DAY)
    yield tmp_path / "backups"
    marker().unlink(missing_ok=True)


@pytest.fixture
def begun(backups: Path) -> Callable[[], None]:
    """An upgrade that took its backup and was interrupted then; both persons are in it."""

    def begin() -> None:
        with loading("fxiaoke") as connection:
            protect(connection, [{"mobile": PHONE}, {"mobile": OTHER}], {"mobile": "phone"}, "load-1")
        kept = {"from": {}, "backup": str(keep(backups, DAY)), "as_of": DAY.isoformat()}
        marker().write_text(json.dumps(kept))

    return begin


def marker() -> Path:
    return settings().home / "upgrade.json"


def test_the_way_back_ends_other_sessions_and_erases_again_who_was_erased_since(
    begun: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A session left one half of the databases renamed; the person came back with the backup."""
    begun()
    erase([PHONE], DAY, "request 7")
    with connect("checker", autocommit=True) as somebody:
        assert bring_back() == 0
        with pytest.raises(psycopg.OperationalError):
            somebody.execute("select 1")
    assert "erased again: 1 values" in capsys.readouterr().out
    with connect("loader") as vault:
        assert vault.execute("select original from vault.persons").fetchall() == [(OTHER,)]
    with connect("auditor") as ops:
        assert ops.execute("select count(*) from ops.restores where reread_at is null").fetchone() == (1,)
    with connect(None, database=f"{settings().pg_database}_failed") as aside:
        assert aside.execute("select 1").fetchone() == (1,)
    assert not marker().exists()


def test_a_night_that_runs_is_no_failed_upgrade_and_no_backup_is_begun(backups: Path) -> None:
    """It was put aside in the middle of its work, and an older state brought back."""
    with alone(), pytest.raises(StepError, match="is already running: wait for it"):
        upgrade(backups)
    assert not backups.exists()
    assert not marker().exists()


def test_an_upgrade_that_fails_goes_back_by_itself_while_somebody_is_connected(
    backups: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A migration fails in a database that has its tables already, as where somebody's own table stands in the way."""
    newest = sorted(MIGRATIONS.glob("[0-9]*.sql"))[-1].name
    with connect(None) as owner:
        owner.execute("delete from migration.applied where name = %s", (newest,))
    with connect("checker"):
        assert upgrade(backups) == 1
    said = capfd.readouterr()
    assert "the upgrade failed: python -m nightly prepare: " in said.err
    assert f"the state of before is back, as of {DAY}" in said.out
    assert pending() == [newest]
    with connect(None) as owner:
        owner.execute("insert into migration.applied (name) values (%s)", (newest,))


def test_the_way_back_waits_for_a_night_that_runs(begun: Callable[[], None]) -> None:
    begun()
    with alone(), pytest.raises(StepError, match="is already running: wait for it"):
        bring_back()
    assert marker().exists()


def test_a_way_back_that_was_interrupted_when_the_databases_were_aside_goes_on(begun: Callable[[], None]) -> None:
    begun()
    set_aside(settings().pg_database)
    assert bring_back() == 0
    with connect("loader") as vault:
        assert vault.execute("select original from vault.persons order by 1").fetchall() == [(OTHER,)]


def test_a_state_too_old_to_be_told_who_was_erased_is_back_and_says_to_erase_anew(begun: Callable[[], None]) -> None:
    with connect("owner_ddl") as owner:
        owner.execute("drop table ops.restores")
    begun()
    with pytest.raises(StepError, match="put the old code back, and with it erase anew who was erased since"):
        bring_back()
    assert not marker().exists()
