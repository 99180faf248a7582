"""Did last night work, is it late, what is stale: the screen, its exit code, and the metrics, on hand-made nights."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from signal import SIGKILL
from zoneinfo import ZoneInfo

import pytest

from config.settings import child_environment, settings, use
from nightly import metrics
from nightly.deadline import check
from nightly.status import BAD, BLOCKED, GOOD, STALE, show
from tests.warehouse.nights import Nights
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.publish import publish
from warehouse.steps import GateBlocked, StepError, recorded

DAY = date(2026, 5, 20)
EARLY = datetime(2026, 5, 21, 3, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
AFTER = EARLY.replace(hour=8)


@pytest.fixture
def lang(tenant_database: str, nights: Nights, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    for name in ("LANG", "SOURCES", "METRICS_FILE"):
        monkeypatch.setenv(f"LANDFALL_{name}", "")
    use(lang="en", sources="fxiaoke", metrics_file=str(tmp_path / "metrics" / "landfall.prom"))
    with connect("owner_ddl") as owner:
        owner.execute("truncate ops.step_runs, ops.streams, ops.watermarks")
    yield tmp_path / "metrics" / "landfall.prom"
    monkeypatch.undo()
    settings.cache_clear()


def read_until(hours_before_the_end: float) -> None:
    with connect("owner_ddl") as owner:
        owner.execute("truncate ops.streams, ops.watermarks")
        owner.execute(
            "insert into ops.streams (system, stream, mode, is_required, max_age)"
            " values ('fxiaoke', 'leads', 'changed', true, '1 day')"
        )
        owner.execute(
            "insert into ops.watermarks (system, stream, watermark, as_of) values ('fxiaoke', 'leads', %s, %s)",
            (cutoff(DAY) - timedelta(hours=hours_before_the_end), DAY),
        )


def test_a_night_that_has_not_started_is_late_only_after_half_past_seven(
    lang: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(DAY, EARLY)
    assert "has not started" in (said := capsys.readouterr().out)
    assert "It is due by 2026-05-21 07:30." in said
    assert show(DAY, AFTER) == BAD
    assert "Late: it was due by 2026-05-21 07:30. Run make summary AS_OF=2026-05-20." in capsys.readouterr().out
    use(lang="zh")
    assert show(DAY, AFTER) == BAD
    assert "已晚：应在 2026-05-21 07:30 前发布。请运行 make summary AS_OF=2026-05-20。" in capsys.readouterr().out


def test_a_failed_step_is_named_with_its_sentence_and_a_gate_with_its_reason(
    lang: Path, nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StepError), recorded("score", DAY):
        raise StepError("model file is missing: train, then rerun")
    assert show(DAY, EARLY) == BAD
    assert f"The night of {DAY} failed at score: model file is missing: train, then rerun" in capsys.readouterr().out
    with recorded("score", DAY):
        pass
    nights.execute(
        "checker",
        f"insert into ops.gate_verdicts (as_of, border, verdict, reason) values ('{DAY}', 'marts', 'blocked', 'no rows')",
    )
    with pytest.raises(GateBlocked), recorded("gate_marts", DAY):
        raise GateBlocked("no rows")
    assert show(DAY, EARLY) == BLOCKED
    assert f"The night of {DAY} was blocked by a gate: no rows" in capsys.readouterr().out


def killed(step: str) -> None:
    """A run of `step` that is killed hard, and whose session the server has seen end."""
    code = (
        "import os; from datetime import date; from warehouse.steps import recorded\n"
        f"with recorded('{step}', date.fromisoformat('{DAY}')): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=child_environment(), check=False).returncode == -SIGKILL
    deadline = time.monotonic() + 30
    with connect(None, autocommit=True) as server:
        while server.execute("select 1 from pg_stat_activity where application_name like 'landfall step %'").fetchone():
            assert time.monotonic() < deadline, "the session of the killed step lives on"


def test_a_step_runs_as_long_as_it_lives_and_one_that_was_killed_has_failed_until_its_retry(
    lang: Path, nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    """A killed step stayed "running" for ever, with exit code 0, also after its retry: only its end says of which system it is."""
    nights.build(DAY)
    publish(DAY)
    read_until(0)
    with recorded("extract", DAY) as run:
        run.note(system="fxiaoke")
        assert show(DAY, EARLY) == GOOD
    assert f"The night of {DAY} is running: extract." in capsys.readouterr().out
    killed("extract")
    with recorded("extract", DAY) as run:
        run.note(system="fxiaoke")
    assert show(DAY, AFTER) == GOOD
    assert f"The night of {DAY} is done" in capsys.readouterr().out
    killed("write_back")
    assert show(DAY, AFTER) == BAD
    assert (
        f"The night of {DAY} failed at write_back: write_back was killed before it could say" in capsys.readouterr().out
    )
    with recorded("write_back", DAY):
        pass
    assert show(DAY, AFTER) == GOOD


def trains(day: date, *arguments: str) -> None:
    """What is typed to train, on a tenant that has no features to train on: it fails, and is on record."""
    command = [sys.executable, "-m", "ml", "train", "--as-of", str(day), *arguments]
    assert subprocess.run(command, env=child_environment(), capture_output=True, check=False).returncode == 1


def test_the_deadline_and_the_screen_name_where_the_night_stopped_and_not_the_week_s_training(
    lang: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a Sunday the training at 03:00 was the last row of the day, and the alert named it as the night's last step."""
    sunday = date(2026, 5, 24)
    with recorded("extract", sunday):
        pass
    trains(sunday)
    with pytest.raises(StepError, match=r"its last step was extract \(done\)"):
        check(sunday)
    assert show(sunday, EARLY) == BAD
    assert f"The night of {sunday} stopped after extract and published nothing." in capsys.readouterr().out
    trains(sunday, "--if-missing")
    with pytest.raises(StepError, match=r"its last step was train \(failed\)"):
        check(sunday)


def test_a_published_night_is_good_or_stale_and_its_metrics_say_so(
    lang: Path, nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    nights.build(DAY)
    with recorded("publish", DAY):
        publish(DAY)
    read_until(0)
    assert show(DAY, AFTER) == GOOD
    assert f"Every source was read up to the end of {DAY}." in capsys.readouterr().out
    read_until(3)
    assert show(DAY, AFTER) == STALE
    assert "stale: fxiaoke.leads 2026-05-20 21:00" in capsys.readouterr().out
    assert metrics.write(DAY, AFTER) == lang
    tenant = f'tenant="{settings().tenant}"'
    told = dict(line.rsplit(" ", 1) for line in lang.read_text().splitlines() if not line.startswith("#"))
    assert float(told[f"landfall_published_day_end_seconds{{{tenant}}}"]) == cutoff(DAY).timestamp()
    assert told[f'landfall_night_state{{{tenant},state="done"}}'] == "1"
    assert told[f'landfall_night_state{{{tenant},state="failed"}}'] == "0"
    assert told[f"landfall_night_is_late{{{tenant}}}"] == "0"
    assert told[f'landfall_lag_seconds{{{tenant},system="fxiaoke",stream="leads"}}'] == "10800"
    assert f'landfall_step_seconds{{{tenant},step="publish",system=""}}' in told
    assert float(told[f'landfall_step_peak_rss_bytes{{{tenant},step="publish",system=""}}']) > 1e7
    assert sorted(path.name for path in lang.parent.iterdir()) == [lang.name]


def test_a_day_that_another_has_followed_was_done_all_the_same(
    lang: Path, nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    for day in (DAY - timedelta(days=1), DAY):
        nights.build(day)
        publish(day)
    read_until(0)
    assert show(DAY - timedelta(days=1), AFTER) == GOOD
    said = capsys.readouterr().out
    assert f"The night of {DAY - timedelta(days=1)} is done" in said
    assert f"Readers see {DAY}." in said


def test_a_metrics_file_that_cannot_be_written_is_named_and_fails_no_step(
    lang: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lang.parent.write_text("a file where the folder should be")
    with pytest.raises(StepError, match="correct LANDFALL_METRICS_FILE"):
        metrics.write(DAY, AFTER)
    metrics.write_beside(DAY, AFTER)
    assert "correct LANDFALL_METRICS_FILE" in capsys.readouterr().err
