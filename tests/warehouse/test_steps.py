"""How a step ends: its exit code, what it records, the line it adds to the log of steps."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import psycopg
import pytest

from config.settings import settings
from nightly.airflow import said_in
from warehouse.frames import fetch_all
from warehouse.memory import ran_out
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
    assert 10_000_000 < first["peak_rss_bytes"] < 10_000_000_000
    assert first["counts"] == {"leads.landed": 3, "leads.requests": 1}
    assert (second["state"], second["error"], second["counts"]) == ("failed", "StepError", {})
    assert "1380" not in log.read_text("utf-8")
    assert "华东" not in log.read_text("utf-8")


def test_a_command_that_finds_no_memory_before_its_step_ends_with_a_sentence_that_names_it() -> None:
    code = "import sys; from warehouse.steps import run_cli; sys.argv = ['ml/__main__.py', 'score']; run_cli(lambda: bytearray(1 << 60))"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert done.stderr.startswith("python -m ml score ran out of memory")


@pytest.mark.usefixtures("tenant_database")
def test_a_step_that_ran_out_of_memory_in_a_library_says_so_and_what_it_held() -> None:
    def matrix() -> None:
        try:
            raise MemoryError
        except MemoryError as error:
            raise RuntimeError("the matrix could not be made") from error

    sentence = r"the step score ran out of memory .* give it more"
    with pytest.raises(StepError, match=sentence), recorded("score", date(2026, 6, 30)):
        matrix()
    asked = "select state, detail ->> 'said' ~ 'then rerun', peak_rss_bytes > 1e7 from ops.step_runs order by run_id desc limit 1"
    assert fetch_all("checker", asked) == [("failed", True, True)]


def test_memory_that_the_server_lacks_is_not_ours() -> None:
    assert ran_out(RuntimeError("std::bad_alloc"))
    assert ran_out(ImportError("libgomp.so.1: failed to map segment from shared object"))
    assert ran_out(psycopg.OperationalError("out of memory"))  # libpq's own
    assert not ran_out(psycopg.errors.OutOfMemory("out of memory"))
    assert not ran_out(ValueError("memory"))


@pytest.mark.parametrize(
    ("code", "is_said"), [(-9, True), (137, True), (-6, True), (0, False), (1, False), (-15, False)]
)
def test_a_program_that_a_signal_ended_is_named_by_the_night_that_waited_for_it(code: int, is_said: bool) -> None:
    at, source = "2026-11-28T15:41:03.567953Z", "airflow.providers.standard.hooks.subprocess.SubprocessHook"
    line = (
        f"{at} [info     ] Command exited with return code {code} [airflow.task.hooks.{source}] loc=subprocess.py:115\n"
    )
    assert ("memory ran out: give it more" in said_in(line)) == is_said
    assert said_in(line.replace(f"Command exited with return code {code}", "3 deals landed")) == "3 deals landed"
