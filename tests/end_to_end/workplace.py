"""A working copy as a person has it: a state folder with an embedded server of its own, and commands typed in it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.settings import settings
from tests.end_to_end.line import ROOT


class Workplace:
    """A working copy's state folder, and commands that run in it as a person would type them."""

    def __init__(self, home: Path, root: Path = ROOT) -> None:
        self.home, self.root = home, root  # whose code is typed
        kept = {key: value for key, value in os.environ.items() if not key.startswith("LANDFALL_")}
        own = {"HOME": str(home), "SANDBOX_SCALE": "0.03", "SANDBOX_SEED": "7", "SANDBOX_DAY": "2026-05-20"}
        self.outside = home / "outside.txt"
        watch = {"PYTHONPATH": str(ROOT / "tests" / "end_to_end" / "watch"), "LANDFALL_TEST_OUTSIDE": str(self.outside)}
        self.env = kept | watch | {f"LANDFALL_{key}": value for key, value in own.items()}

    def type(self, *arguments: str, **settings_of_this_call: str) -> tuple[int, str]:
        """Run `python -m nightly …`; returns exit code and everything it printed."""
        env = self.env | {f"LANDFALL_{key}": value for key, value in settings_of_this_call.items()}
        command = [sys.executable, "-m", "nightly", *arguments]
        done = subprocess.run(
            command,
            env=env,
            cwd=self.root,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            input="no\n",
        )
        return done.returncode, done.stdout

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """Point this process's settings at the working copy, so that its database can be read."""
        patch = pytest.MonkeyPatch()
        for key, value in self.env.items():
            if key.startswith("LANDFALL_") and key != "LANDFALL_TEST_OUTSIDE":
                patch.setenv(key, value)
        for key in ("LANDFALL_PG_PORT", "LANDFALL_PG_PASSFILE"):
            patch.delenv(key, raising=False)
        settings.cache_clear()
        try:
            yield
        finally:
            patch.undo()
            settings.cache_clear()
