"""How a step ends: its exit code, what it records, the line it adds to the log of steps."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from config.settings import settings
from warehouse.steps import StepError, recorded

TALKATIVE = "from warehouse.steps import run_cli; run_cli(lambda: print('a line\\n' * 100_000))"


def test_a_reader_who_has_seen_enough_is_no_fault_of_the_command() -> None:
    """`python -m warehouse.explain … | head` once ended in a traceback."""
    with subprocess.Popen([sys.executable, "-c", TALKATIVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout
        assert command.stderr
        command.stdout.readline()
        command.stdout.close()
        said = command.stderr.read()
    assert (command.returncode, said) == (0, b"")


def test_each_step_adds_a_line_of_counts_to_the_log_of_steps_and_no_value(
    tenant_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log, day = tmp_path / "steps.jsonl", date(2026, 6, 30)
    monkeypatch.setenv("LANDFALL_STEP_LOG", str(log))
    settings.cache_clear()
    with recorded("extract", day) as run:
        run.note(system="fxiaoke", leads={"landed": 3, "requests": 1}, first="13800000001")
    with pytest.raises(StepError), recorded("score", day) as run:
        raise StepError("no open deal of 华东机电: rerun")
    settings.cache_clear()
    first, second = map(json.loads, log.read_text("utf-8").splitlines())
    assert (first["step"], first["state"], first["system"], first["as_of"]) == (
        "extract",
        "done",
        "fxiaoke",
        "2026-06-30",
    )
    assert first["counts"] == {"leads.landed": 3, "leads.requests": 1}
    assert (second["state"], second["error"], second["counts"]) == ("failed", "StepError", {})
    assert "1380" not in log.read_text("utf-8")
    assert "华东" not in log.read_text("utf-8")
