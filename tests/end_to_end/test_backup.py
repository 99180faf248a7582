"""Which backups stay, and which are refused before anything is touched."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from config.settings import settings, use
from nightly.backup import DAYS, MANIFEST, WEEKS, digest, prune, read_manifest
from nightly.restore import restore
from warehouse.steps import StepError

LAST = date(2026, 6, 30)


def kept(into: Path, day: date, tenant: str = "sandbox") -> Path:
    """A backup of a day as far as its manifest goes."""
    folder = into / f"{tenant}-{day}"
    folder.mkdir(parents=True)
    (folder / "roles.sql").write_text("select 1;\n")
    told = {"format": 1, "tenant": tenant, "as_of": day, "taken_at": datetime(2026, 7, 1, tzinfo=UTC), "server": "18", "databases": [],
            "files": {"roles.sql": digest(folder / "roles.sql")}}  # fmt: skip
    (folder / MANIFEST).write_bytes(orjson.dumps(told))
    return folder


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home in which nothing was ever started."""
    for name in ("HOME", "TENANT"):
        monkeypatch.setenv(f"LANDFALL_{name}", "")
    use(home=str(tmp_path / "home"), tenant="sandbox")
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


def test_two_weeks_of_days_and_eight_weeks_stay_and_another_tenants_are_left_alone(tmp_path: Path) -> None:
    for back in range(100):
        kept(tmp_path, LAST - timedelta(days=back))
    other = kept(tmp_path, LAST - timedelta(days=99), "another")
    gone = prune(tmp_path, "sandbox")
    staying = {read_manifest(path.parent).as_of for path in tmp_path.glob(f"sandbox-*/{MANIFEST}")}
    newest = {LAST - timedelta(days=back) for back in range(DAYS)}
    weeks = {day.isocalendar()[:2] for day in staying}
    assert newest < staying
    assert len(weeks) == WEEKS
    assert all(
        day == max(each for each in staying if each.isocalendar()[:2] == day.isocalendar()[:2])
        for day in staying - newest
    )
    assert len(gone) == 100 - len(staying)
    assert other.exists()
    assert prune(tmp_path, "sandbox") == []


def test_a_file_that_changed_since_is_named_and_nothing_is_restored(empty: Path) -> None:
    folder = kept(empty, LAST)
    (folder / "roles.sql").write_text("drop role loader;\n")
    with pytest.raises(StepError, match=r"roles\.sql is not what manifest\.json says"):
        restore(folder)
    assert not (empty / "home").exists()


def test_a_folder_that_is_no_backup_and_one_of_another_tenant_are_refused(empty: Path) -> None:
    with pytest.raises(StepError, match="holds no backup"):
        restore(empty)
    with pytest.raises(StepError, match="set LANDFALL_TENANT=another"):
        restore(kept(empty, LAST, "another"))


def test_a_home_that_holds_something_is_left_as_it_is(empty: Path) -> None:
    (empty / "home" / "models").mkdir(parents=True)
    with pytest.raises(StepError, match="models exists: move the old state away"):
        restore(kept(empty, LAST))
