"""`python -m warehouse.settings` as a person types it: exit codes, the question, and what a dry run leaves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

from config.settings import ROOT
from tests.warehouse.nights import Nights

WHEN = ("--as-of", "2026-05-20", "--valid-from", "2026-06-01")


def typed(*arguments: str, answer: str = "") -> tuple[int, str, str]:
    """Exit code, output and errors of the command."""
    done = subprocess.run(
        [sys.executable, "-m", "warehouse.settings", *arguments],
        cwd=ROOT, env=os.environ, text=True, capture_output=True, check=False, input=answer,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def book(nights: Nights, tmp_path: Path) -> str:
    """A workbook that raises the rate of S2."""
    path = tmp_path / "settings.xlsx"
    assert typed("export", str(path), "--as-of", "2026-05-20")[0] == 0
    held = load_workbook(path)
    held["stage"]["E4"].value = 0.4
    held.save(path)
    return str(path)


def rows(nights: Nights) -> list[tuple[object, ...]]:
    """Every change with its row."""
    return nights.fetch(
        "auditor",
        "select c.decided_by, c.reason, c.undoes, s.key, s.value ->> 'set_rate', s.valid_from::text"
        " from ops.setting_changes as c join ops.settings as s using (change_id) order by change_id",
    )


def test_a_change_is_shown_made_and_taken_back(nights: Nights, book: str) -> None:
    assert typed("diff", book, *WHEN) == (
        0,
        "stage S2: set_rate 0.30 → 0.4\nno night has run: no figure is shown yet that could change\n",
        "",
    )
    code, said, _ = typed("apply", book, *WHEN, "--reason", "review", "--dry-run")
    assert (code, said.splitlines()[-1], rows(nights)) == (0, "nothing was changed", [])
    code, _, wrong = typed("apply", book, *WHEN, "--reason", "review")
    assert (code, wrong) == (1, "nobody is there to ask: read the change above, then rerun with --yes\n")
    code, said, _ = typed("apply", book, *WHEN, "--reason", "review", "--by", "lin", "--yes")
    assert (code, said.splitlines()[-1]) == (
        0,
        "change 1: 1 settings hold from 2026-06-01, seen by days after 2026-05-20",
    )
    code, said, _ = typed("undo", book, "--as-of", "2026-05-20", "--reason", "by mistake", "--by", "lin", "--yes")
    assert (code, said.splitlines()[-1]) == (0, "change 2: change 1 is undone, seen by days after 2026-05-20")
    assert rows(nights) == [
        ("lin", "review", None, "S2", "0.4", "2026-06-01"),
        ("lin", "by mistake", 1, "S2", "0.30", "2026-06-01"),
    ]


def test_faults_and_wrong_usage_have_their_exit_codes(book: str) -> None:
    held = load_workbook(book)
    held["stage"]["E4"].value = 4
    held.save(book)
    code, said, wrong = typed("apply", book, *WHEN, "--reason", "review", "--yes")
    assert (code, said) == (1, "")
    assert wrong.startswith("sheet stage, row 4, column set_rate: ")
    assert typed("apply", book, *WHEN, "--yes")[0] == 2
    assert typed("undo", "--as-of", "2026-05-20", "--reason", "x")[0] == 2
    assert (
        typed("apply", book, *WHEN, "--reason", " ", "--yes")[2]
        == "a change needs its reason: give --reason in a sentence\n"
    )
    assert typed("diff", f"{book}.missing", *WHEN)[0] == 1
    assert typed("apply", "--help")[0] == 0
