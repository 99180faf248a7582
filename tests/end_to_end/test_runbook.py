"""The runbook to the letter: every command of docs/operations/ is typed; those that only look also on the company of `make test`."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.line import ROOT, Line
from tests.end_to_end.typed import commands, run

PAGES = ("nights", "changes", "keeping")
LOOKS = (
    "make status",
    "DRY_RUN=1",
    "--dry-run",
    "settings export",
    "settings diff",
    "connectors check",
    "connectors preview",
)
ELSEWHERE = ("make restore", "make upgrade", "product_line", "reorganised")  # want what the lines before them made


def looking() -> list[str]:
    """The commands that change nothing, with the other company's day and system."""
    typed = [line for page in PAGES for line in commands(f"operations/{page}.md", Path("/nowhere")).splitlines()]
    chosen = [
        line for line in typed if any(word in line for word in LOOKS) and not any(word in line for word in ELSEWHERE)
    ]
    return list(dict.fromkeys(chosen))


@pytest.mark.slow
@pytest.mark.parametrize("line", looking())
def test_a_command_that_looks_does_what_the_page_says(first_night: Line, line: str) -> None:
    tolerant, day = "|| true" in line, first_night.day.isoformat()
    line = (
        re.sub(r"2026-05-\d\d", day, line.replace(" || true", ""))
        .replace("kingdee", "fxiaoke")
        .replace("2026-07-01", "2026-08-01")
    )
    line = line.replace("$LANDFALL_HOME", str(first_night.home))
    words = shlex.split(line)
    while "=" in words[0]:
        words.pop(0)
    if words[0] == "make":
        told = subprocess.run(
            ["make", "--no-print-directory", "-n", "-o", "env", "PY=python", *words[1:]],
            cwd=ROOT,
            text=True,
            capture_output=True,
            check=True,
        )
        words = shlex.split(told.stdout.strip().splitlines()[-1].lstrip("@"))
    done = first_night.command(*words[words.index("-m") + 1 :])
    assert tolerant or done.returncode == 0, done.output[-2000:]
    assert "Traceback" not in done.output


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder that the database server, who runs as nobody, may enter; what was started in it is stopped."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith("pytest-"):
            folder.chmod(0o755)
    yield tmp_path
    run(f"export LANDFALL_HOME={tmp_path}/runbook; make down")


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_every_command_of_the_runbook_is_typed_on_one_company(home: Path) -> None:
    script = "\n".join(commands(f"operations/{page}.md", home) for page in PAGES)
    done = run(script.replace("set -euo pipefail", "set -euxo pipefail"))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
