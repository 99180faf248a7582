"""What people type: `make nightly` and `make rerun` through real Airflow on a PostgreSQL of their own, backfill, commands that explain."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from config.settings import settings
from nightly.airflow import environment
from nightly.night_lock import DAG, alone
from tests.end_to_end.canaries import found_outside, phones_of, secrets_in_use
from tests.end_to_end.line import steps_of_the_dag
from tests.end_to_end.tables import hashes, one
from tests.end_to_end.workplace import Workplace
from warehouse.connection import connect
from warehouse.frames import fetch_all
from warehouse.migrate import MIGRATIONS, pending
from warehouse.roles import differences

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    place = Workplace(tmp_path_factory.mktemp("workplace"))
    told = {"transport": {"type": "file", "log_file_path": str(place.home / "events.jsonl"), "append": True}}
    (place.home / "openlineage.yml").write_text(yaml.safe_dump(told), "utf-8")
    place.env["LANDFALL_OPENLINEAGE_CONFIG"] = str(place.home / "openlineage.yml")
    yield place
    place.type("down")


Nights = tuple[tuple[int, str], dict[str, str], tuple[int, str], dict[str, str]]


@pytest.fixture(scope="module")
def first_night(workplace: Workplace) -> Iterator[tuple[int, str]]:
    """The first night's result; this process then looks at its tables."""
    first = workplace.type("night")
    with workplace.looked_at():
        yield first


@pytest.fixture(scope="module")
def nights(first_night: tuple[int, str], workplace: Workplace) -> Nights:
    """The first night's result and tables, then the second's of the same day."""
    schema = f"build_{one('select build_id from ops.published_build')[0]}"
    tables = ("landing", "staging", "features", "scores", "sync", schema)
    before = hashes(tables)
    second = workplace.type("rerun", "--system", "fxiaoke")
    return first_night, before, second, hashes(tables)


def test_a_night_ends_with_exit_code_0_and_one_screen(nights: Nights) -> None:
    (code, said), *_ = nights
    assert code == 0, said[-3000:]
    screen = said[said.rindex("截至 2026-05-20") :]
    assert all(word in screen for word in ("目标", "已签", "预计落点", "最值得看的", "写回", "用时", "接下来看"))
    assert screen.count("\n") < 45, "one screen"


def test_no_process_of_the_night_left_this_machine(nights: Nights, workplace: Workplace) -> None:
    """Airflow, its tasks, dbt and the sandbox are all watched, and none of them tried."""
    watched = Path(f"{workplace.outside}.watched").read_text("utf-8")
    for program in (
        "airflow dags test",
        "-m connectors extract",
        "-m nightly dbt marts",
        "-m ml score",
        "-m expectations marts",
        "-m sandbox serve",
    ):
        assert program in watched, program
    assert not workplace.outside.exists(), workplace.outside.read_text("utf-8")


def test_no_secret_and_no_person_stands_outside_the_vault_and_the_files_of_secrets(
    nights: Nights, workplace: Workplace
) -> None:
    """Logs, task messages of Airflow, Data Docs, artefacts of MLflow, arguments of processes, all tables but the vault's."""
    values = [*secrets_in_use(workplace.home), *phones_of(workplace.home)]
    assert len(values) >= 30
    assert found_outside(values) == []


def test_the_dag_and_every_task_tell_openlineage_how_they_went_and_not_their_commands(
    nights: Nights, workplace: Workplace
) -> None:
    """Persons and secrets: the test above looks through the file of events too."""
    lines = (workplace.home / "events.jsonl").read_text("utf-8").splitlines()
    told = {(event["job"]["name"], event["eventType"]) for event in map(json.loads, lines)}
    tasks = {f"nightly_forecast.{task}" for task in ("as_of", "systems", *dict(steps_of_the_dag()), "verdict")}
    assert told == {(task, state) for task in tasks for state in ("START", "COMPLETE")} | {
        ("nightly_forecast", "COMPLETE")
    }
    assert not any("bash_command" in line or "sourceCode" in line for line in lines)


def test_the_rerun_of_one_system_runs_every_step_and_changes_nothing(nights: Nights) -> None:
    _, before, (code, said), after = nights
    assert code == 0, said[-3000:]
    runs = dict(fetch_all("checker", "select step, count(*) from ops.step_runs where state = 'done' group by step"))
    assert min(runs.values()) >= 2, runs
    again = "select sum(requests) as requests from ops.loads where load_id ~ '-r[0-9]+$' group by stream"
    assert one(f"select count(*), min(requests) > 0 from ({again}) as again") == (9, True)
    assert after == before


def test_a_backfill_asks_no_source_sends_nothing_and_refuses_days_before_the_first_landing(
    nights: Nights, workplace: Workplace
) -> None:
    counts = (
        "select (select count(*) from ops.loads), (select count(*) from ops.writeback_receipts),"
        " (select build_id from ops.published_build)"
    )
    before = one(counts)
    code, said = workplace.type("backfill", "--from", "2026-05-18", "--to", "2026-05-19", "--model", "current")
    assert code == 0, said
    assert one(counts) == before
    assert fetch_all("checker", "select as_of::text, is_hindsight from ops.builds where as_of < '2026-05-20' order by 1") == [
        ("2026-05-18", True), ("2026-05-19", True)]  # fmt: skip
    code, said = workplace.type("backfill", "--from", "2026-05-18", "--to", "2026-05-19", "--model", "current")
    assert said.count("already scored") == 2, said
    code, said = workplace.type("backfill", "--from", "2001-01-01", "--to", "2001-01-02")
    assert (code, "choose days inside" in said) == (1, True), said


def test_a_dry_run_says_what_would_run_and_runs_nothing(nights: Nights, workplace: Workplace) -> None:
    before = one("select count(*) from ops.step_runs")
    code, said = workplace.type("night", "--dry-run")
    assert (code, "would run the night of 2026-05-20" in said) == (0, True), said
    code, said = workplace.type("backfill", "--from", "2026-05-11", "--to", "2026-05-19", "--every", "7", "--dry-run")
    assert (code, "backfill of 3 days" in said) == (0, True), said  # two Mondays and the last day
    assert one("select count(*) from ops.step_runs") == before


def test_a_second_night_beside_one_that_runs_is_refused_and_does_nothing(nights: Nights, workplace: Workplace) -> None:
    before = one("select count(*) from ops.step_runs")
    with alone():
        code, said = workplace.type("night")
    assert (code, "a night of sandbox is already running: wait for it" in said) == (1, True), said
    assert one("select count(*) from ops.step_runs") == before


def test_a_backup_comes_back_in_an_empty_folder_with_every_row_and_its_readers_rights(
    nights: Nights, workplace: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    backups, restored = tmp_path_factory.mktemp("backups"), Workplace(tmp_path_factory.mktemp("restored"))
    before = hashes()
    code, said = workplace.type("backup", "--to", str(backups))
    assert (code, "sandbox-2026-05-20" in said) == (0, True), said
    code, said = workplace.type("restore", "--from", str(backups / "sandbox-2026-05-20"))
    assert (code, "sandbox is running: `make down` first" in said) == (1, True), said
    code, said = restored.type("restore", "--from", str(backups / "sandbox-2026-05-20"), SANDBOX="false")
    assert code == 0, said
    with restored.looked_at():
        assert hashes() == before
        with connect("checker") as connection:
            assert differences(connection) == []
    restored.type("down")


def test_a_published_night_is_kept_though_nobody_could_be_told_of_it_and_has_failed_all_the_same(
    nights: Nights, workplace: Workplace, tmp_path: Path
) -> None:
    """A channel that was down cost the night its backup."""
    code, said = workplace.type("night", NOTIFY="pigeon", BACKUP_DIR=str(tmp_path))
    assert (code, re.findall(r"^failed at (\w+): there is no channel pigeon", said, re.MULTILINE)) == (1, ["notify"]), (
        said
    )
    assert "failed at backup" not in said
    assert (tmp_path / "sandbox-2026-05-20" / "manifest.json").exists()


def tried(skipped: list[str], **asked: str) -> tuple[int, list[str], str]:
    """The DAG's run with some tasks taken as done: exit code, the tasks that ran, what Airflow printed."""
    command = ["airflow", "dags", "test", DAG, "--conf", json.dumps(asked), "--mark-success-pattern", "|".join(skipped)]
    done = subprocess.run(command, env=environment(), text=True, capture_output=True, check=False)
    return done.returncode, re.findall(r"starting task_id=(\S+)", done.stdout), done.stdout


def test_a_night_that_its_gate_stops_keeps_nothing(
    nights: Nights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no build of the day, so the gate of marts sees no rows; what comes before it is taken as done."""
    monkeypatch.setenv("LANDFALL_BACKUP_DIR", str(tmp_path / "backups"))
    settings.cache_clear()
    tasks = [task for task, _ in steps_of_the_dag()]
    code, ran, said = tried(tasks[: tasks.index("gate_marts")], as_of="2026-05-21")
    assert (code, ran, (tmp_path / "backups").exists()) == (1, ["as_of", "systems", "gate_marts"], False), said


def test_a_run_that_names_no_day_is_for_the_one_that_ended_last(nights: Nights) -> None:
    code, ran, said = tried([*dict(steps_of_the_dag()), "verdict"])
    assert (code, ran, " 2026-05-20 " in said) == (0, ["as_of", "systems"], True), said


@pytest.mark.soak
def test_an_upgrade_that_stops_half_way_leaves_everything_as_it_was(
    first_night: tuple[int, str], workplace: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A migration fails in a database that has its tables already, as where somebody's own table stands in the way."""
    newest = sorted(MIGRATIONS.glob("[0-9]*.sql"))[-1].name
    with connect(None) as connection:
        connection.execute("delete from migration.applied where name = %s", (newest,))
    before = hashes()
    assert workplace.type("upgrade")[1].strip().endswith("is running: `make down` first, then rerun")
    workplace.type("down")
    code, said = workplace.type("upgrade")
    assert (code, "an upgrade begins with a backup" in said) == (1, True), said
    code, said = workplace.type("upgrade", "--to", str(tmp_path_factory.mktemp("kept")))
    assert (code, "the upgrade failed: python -m nightly prepare" in said) == (1, True), said
    assert "the state of before is back, as of 2026-05-20" in said
    assert hashes() == before
    assert pending() == [newest]
    with connect(None) as connection:
        connection.execute("insert into migration.applied (name) values (%s)", (newest,))
    assert not (workplace.home / "upgrade.json").exists()


def test_reset_asks_first(nights: Nights, workplace: Workplace) -> None:
    code, said = workplace.type("reset")
    assert (code, "nothing was deleted" in said) == (1, True), said
    assert (workplace.home / "runtime.env").exists()


@pytest.mark.parametrize(
    "command",
    [
        "night",
        "rerun",
        "systems",
        "dbt",
        "as-of",
        "deadline",
        "summary",
        "backfill",
        "advance",
        "up",
        "down",
        "reset",
        "backup",
        "restore",
        "upgrade",
    ],
)
def test_every_command_has_help(workplace: Workplace, command: str) -> None:
    code, said = workplace.type(command, "--help")
    assert (code, "usage: python -m nightly" in said) == (0, True)


def test_a_day_that_is_none_is_refused_with_an_example(workplace: Workplace) -> None:
    code, said = workplace.type("as-of", "--asked", "20th of May")
    assert (code, said.strip()) == (1, "'20th of May' is not a day: write it as YYYY-MM-DD, for example 2026-05-20")


def test_a_system_that_is_not_connected_is_refused_with_those_that_are(workplace: Workplace, nights: Nights) -> None:
    code, said = workplace.type("rerun", "--system", "tryton", "--as-of", "2026-05-20")
    assert (code, "there is no system tryton: choose among fxiaoke" in said) == (1, True), said


def test_input_and_mapping_come_together(workplace: Workplace, tmp_path: Path) -> None:
    code, said = workplace.type("night", "--input", str(tmp_path))
    assert (code, "or neither" in said) == (1, True), said
    code, said = workplace.type("night", "--input", str(tmp_path), "--mapping", str(tmp_path / "none.yml"))
    assert (code, "does not exist" in said) == (1, True), said


def test_the_summary_is_shown_again_in_english(nights: Nights, workplace: Workplace) -> None:
    code, said = workplace.type("summary", LANG="en")
    assert (code, "Forecast as of 2026-05-20" in said, "expected landing" in said) == (0, True, True), said
