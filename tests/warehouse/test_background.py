"""Processes in the background: ours are known by more than their number, which the system gives to others once they end."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import child_environment, settings, use
from nightly.background import running, running_pid, spawn, stop

TICK = (
    1 / os.sysconf("SC_CLK_TCK") if Path("/proc/self/stat").exists() else 1.0
)  # seconds: of the clock that tells when processes began
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder in which a home keeps the numbers of its processes."""
    monkeypatch.setenv("LANDFALL_HOME", "")
    use(home=str(tmp_path))
    yield tmp_path / "run"
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A program of somebody else, in Python as ours, that began some ticks before what is started after it."""
    with subprocess.Popen(SLEEP, start_new_session=True) as process:
        begun = time.monotonic()
        while time.monotonic() < begun + 2 * TICK:
            process.poll()
        yield process
        process.kill()


def test_a_process_runs_until_it_is_stopped(run: Path) -> None:
    pid = spawn("sleeper", SLEEP, child_environment())
    assert (running_pid("sleeper"), running()) == (pid, ["sleeper"])
    assert stop("sleeper")
    assert (running_pid("sleeper"), list(run.iterdir()), stop("sleeper")) == (None, [], False)


def test_a_program_that_was_given_the_number_of_one_of_ours_is_not_taken_for_it_and_not_ended(
    run: Path, other: subprocess.Popen[bytes]
) -> None:
    """After the machine was restarted, `make down` ended whatever Python program had the number of Airflow by then."""
    spawn("sleeper", SLEEP, child_environment())
    ours = run / "sleeper.pid"
    pid = ours.read_text()
    ours.write_text(f"{other.pid}\n")
    assert (running_pid("sleeper"), running(), stop("sleeper")) == (None, [], False)
    assert other.poll() is None
    ours.write_text(pid)
    assert stop("sleeper")


def test_a_process_that_ended_at_once_does_not_run(run: Path) -> None:
    spawn("sleeper", [sys.executable, "--no-such-option"], child_environment())
    for _ in range(100):
        if running_pid("sleeper") is None:
            break
        time.sleep(0.1)  # the program's own pace
    assert (running_pid("sleeper"), stop("sleeper")) == (None, False)
