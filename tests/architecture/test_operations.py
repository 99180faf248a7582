"""Every command that docs/operations.md shows exists with the options it shows; the bill of materials names every package of the lock."""

import json
import re
import shlex
from pathlib import Path

import pytest

from nightly.__main__ import _parser
from nightly.inventory import LOCKS, write

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / "operations.md", *sorted((ROOT / "docs" / "operations").glob("*.md"))]
TEXT = "\n".join(page.read_text("utf-8") for page in PAGES)
FENCED = [
    line
    for block in re.findall(r"^```(?:bash|text)?\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
TASKS = [
    "Rerun one system", "A late source", "The quota of a vendor is spent", "Backfill past days", "Roll back a build",
    "A number is wrong: freeze, explain, correct, restate", "Pause write-back or alerts", "Go live with write-back",
    "Add a field of a connected system", "Add a source", "Add a product line", "Reorganise", "Change the calendar", "Back up", "Upgrade",
    "Restore", "Rotate our own secrets", "Rotate a vendor's secret", "Move from the embedded PostgreSQL to one of your own",
]  # fmt: skip
BARE = [re.sub(r"^([A-Z_]+=\S* )+|( \|\| true)$", "", line) for line in FENCED]
COMMANDS = [shlex.split(line, comments=True) for line in BARE if re.match(r"(make|python -m|sh) ", line)]
TARGETS = dict(re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_every_task_says_command_what_it_touches_how_long_how_to_see_and_how_to_undo() -> None:
    sections = {
        title: body
        for page in PAGES[1:]
        for title, body in re.findall(
            r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
    }
    assert sorted(sections) == sorted(TASKS)
    for title, body in sections.items():
        assert "```" in body, title
        assert all(f"- {word}" in body for word in ("Touches:", "Takes:", "Worked when:", "Undo:")), title


def test_every_command_for_containers_names_the_file_which_is_not_where_people_stand() -> None:
    assert re.findall(r"docker compose(?! -f docker/compose\.yml ).*", TEXT) == []


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_of_the_runbook_exists(words: list[str]) -> None:
    if words[0] == "make":
        recipe = TARGETS[words[1]]
        assert all(f"$({word.partition('=')[0]})" in recipe for word in words[2:]), recipe
    elif words[0] == "sh":
        assert (ROOT / words[1]).exists()
    elif words[2] == "nightly":
        _parser().parse_args(words[3:])
    else:
        source = ROOT / words[2].replace(".", "/")
        text = "".join(
            path.read_text("utf-8") for path in (source.with_suffix(".py"), *source.glob("*.py")) if path.is_file()
        )
        assert text, f"there is no module {words[2]}"
        assert all(f'"{word}"' in text for word in words[3:] if word.startswith("--")), words


@pytest.mark.parametrize("lock", LOCKS)
def test_the_bill_of_materials_has_every_package_of_each_lock_with_its_hashes(tmp_path: Path, lock: str) -> None:
    assert write(tmp_path / "bill.json") == 0
    told = json.loads((tmp_path / "bill.json").read_text("utf-8"))["components"]
    own = [part for part in told if {"name": "landfall:lock", "value": lock} in part["properties"]]
    text = (ROOT / lock).read_text("utf-8")
    assert len(own) == len(re.findall(r"^[a-z0-9][\w.-]*(?:\[[\w,-]+\])?==", text, re.MULTILINE)) > 25
    assert {each["content"] for part in own for each in part["hashes"]} >= set(re.findall(r"--hash=sha256:(\w+)", text))
    assert all(part["hashes"] and part["licenses"][0]["license"]["name"] for part in told)
    licences = [part["licenses"][0]["license"]["name"] for part in own if lock == "requirements.lock"]
    assert sum(licence == "not installed here" for licence in licences) < 20, "the environment was not found"
