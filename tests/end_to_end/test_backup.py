"""Which backups stay, and which are refused before anything is touched."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from config.settings import settings, use
from nightly.backup import DAYS, MANIFEST, WEEKS, digest, keep, prune, read_manifest
from nightly.postgres_tools import run_tool
from nightly.restore import restore
from nightly.services import run_module
from warehouse.steps import StepError
from warehouse.stores import existing

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


@pytest.mark.slow
def test_programs_older_than_a_server_of_ones_own_make_room_for_the_wheels(
    tenant_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LANDFALL_PG_EMBEDDED", "false")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    settings.cache_clear()
    for version, said in (("9.6", ""), ("99.1", "the machine's own program ran")):
        program = tmp_path / "psql"
        program.write_text(
            f"#!/bin/sh\nif [ $1 = --version ]; then echo 'psql (PostgreSQL) {version}'; else echo \"{said or 'too old'}\" >&2; fi\n"
        )
        program.chmod(0o755)
        assert run_tool("psql", "--dbname=postgres", "--quiet", "--command=select 1").strip() == said
    settings.cache_clear()


@pytest.mark.slow
def test_a_backup_whose_dump_fails_leaves_nothing_half_and_the_one_of_before_in_place(
    tenant_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only a full disk was tidied up after: a failing dump left a hidden folder with part of the vault, and pruning never saw it."""
    before = kept(tmp_path, LAST, tenant_database)
    monkeypatch.setenv("LANDFALL_PG_BACKUP_USER", "nobody_there")
    settings.cache_clear()
    with pytest.raises(StepError, match="pg_dump failed"):
        keep(tmp_path, LAST)
    monkeypatch.undo()
    settings.cache_clear()
    assert list(tmp_path.iterdir()) == [before]


@pytest.mark.slow
def test_a_backup_begins_with_what_killed_ones_left_and_takes_the_place_of_the_same_day(
    tenant_database: str, tmp_path: Path
) -> None:
    """One that was killed while it took the place of an older one left none of that day."""
    earlier = kept(tmp_path, LAST - timedelta(days=1), tenant_database)
    earlier.rename(tmp_path / f".{earlier.name}.old")
    (tmp_path / f".{tenant_database}-{LAST - timedelta(days=2)}.new").mkdir()
    others = tmp_path / f".{tenant_database}-north-{LAST}.new"
    others.mkdir()
    of_the_day = kept(tmp_path, LAST, tenant_database)
    assert keep(tmp_path, LAST) == of_the_day
    assert settings().pg_database in read_manifest(of_the_day).databases
    assert set(tmp_path.iterdir()) == {earlier, others, of_the_day}


@pytest.fixture
def elsewhere(tenant_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A backup of a tenant with a mapping, and a home on another machine."""
    backups, home, mappings = tmp_path / "backups", tmp_path / "home", tmp_path / "tenants" / tenant_database
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith("pytest-"):
            folder.chmod(0o755)  # the server runs as nobody, who must be able to enter
    monkeypatch.setenv("LANDFALL_TENANTS_DIR", str(mappings.parent))
    settings.cache_clear()
    mappings.mkdir(parents=True)
    (mappings / "fxiaoke.yml").write_text("streams: {}\n")
    folder = keep(backups, LAST)
    (mappings / "fxiaoke.yml").unlink()
    mappings.rmdir()
    monkeypatch.setenv("LANDFALL_HOME", str(home))
    settings.cache_clear()
    yield folder, home
    run_module("sandbox.postgres", "stop")
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.slow
def test_of_a_restore_that_fails_half_way_nothing_stays_and_it_may_be_run_again(elsewhere: tuple[Path, Path]) -> None:
    """It used to leave databases and models, in which persons erased since were back, and was refused because of them when rerun."""
    folder, home = elsewhere
    whole = orjson.loads((folder / MANIFEST).read_bytes())
    dump = folder / "mlflow.dump"  # there where the test server holds MLflow's database too
    whole_dump = dump.read_bytes() if dump.exists() else b""
    dump.write_bytes(b"PGDMP, and then the disk was full")
    databases = sorted({*whole["databases"], "mlflow"} - {settings().pg_database})
    told = whole | {
        "databases": [settings().pg_database, *databases],
        "files": whole["files"] | {dump.name: digest(dump)},
    }
    (folder / MANIFEST).write_bytes(orjson.dumps(told))
    with pytest.raises(StepError, match=r"pg_restore failed .* taken away again"):
        restore(folder)
    assert [path.name for path in home.iterdir() if path.name not in ("runtime.env", "run")] == []
    assert not (settings().tenants_dir / settings().tenant).exists()

    (folder / MANIFEST).write_bytes(orjson.dumps(whole))
    dump.write_bytes(whole_dump)
    assert restore(folder) == 0
    assert existing() == {"postgres", *whole["databases"]}
    assert (settings().tenants_dir / settings().tenant / "fxiaoke.yml").exists()
