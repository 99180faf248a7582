"""Every command that docs/operations.md shows exists with the options it shows; the bill of materials names every package of the lock."""

import json
import re
import shlex
from pathlib import Path

import pytest

from nightly.__main__ import _parser
from nightly.inventory import components, write

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text("utf-8")
FENCED = [
    line for block in re.findall(r"^```\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]
COMMANDS = [shlex.split(line, comments=True) for line in FENCED if re.match(r"(make|python -m|sh) ", line)]
TARGETS = dict(re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_there_are_commands_to_look_at() -> None:
    assert len(COMMANDS) > 12


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


def test_the_bill_of_materials_has_every_package_of_the_lock_with_its_hashes(tmp_path: Path) -> None:
    assert write(tmp_path / "bill.json") == 0
    told = json.loads((tmp_path / "bill.json").read_text("utf-8"))["components"]
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert len(told) == len(re.findall(r"^[a-z0-9][\w.-]*(?:\[[\w,-]+\])?==", lock, re.MULTILINE)) > 200
    assert sum(len(part["hashes"]) for part in told) == lock.count("--hash=sha256:")
    assert all(part["hashes"] and part["licenses"][0]["license"]["name"] for part in components())
