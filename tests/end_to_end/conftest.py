"""One small company that lives through the tests of this folder; its days are shared by tests that only look."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import settings
from nightly import dbt_engine
from tests.end_to_end import warm
from tests.end_to_end.line import Line

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def new_line(postgres_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator["LineMaker"]:
    """Makes lines: each has a home, a database and a company of its own; all are stopped at the end."""
    folder = tmp_path_factory.mktemp("warm")
    server = warm.start(folder, Line(folder, "e2e_warm", postgres_home).env())
    maker = LineMaker(postgres_home, tmp_path_factory, folder / "warm.sock")
    yield maker
    for line in maker.lines:
        line.stop()
    server.kill()
    server.communicate()


class LineMaker:
    """Remembers the lines it made."""

    def __init__(self, postgres_home: Path, folders: pytest.TempPathFactory, address: Path) -> None:
        self.postgres_home = postgres_home
        self.address = address
        self.folders = folders
        self.parsed = folders.mktemp("parsed")
        assert not isinstance(dbt_engine.parse(self.parsed), str), "dbt cannot parse the project"
        self.lines: list[Line] = []

    def __call__(self, tenant: str, *, is_sandbox: bool = True, history: str = "full", **environment: str) -> Line:
        line = Line(
            self.folders.mktemp(tenant), f"e2e_{tenant}", self.postgres_home, history=history, environment=environment,
            warm=self.address,
        )  # fmt: skip
        shutil.copytree(self.parsed, line.home / "dbt" / "parsed")  # as every night after a tenant's first finds it
        line.start(is_sandbox=is_sandbox)
        self.lines.append(line)
        return line

    def twin(self, line: Line, tenant: str) -> Line:
        """A company that has lived through the same days as `line`, which it leaves as it is: copies of its home and database."""
        line.stop()
        twin = replace(line, home=self.folders.mktemp(tenant) / "home", tenant=f"e2e_{tenant}")
        shutil.copytree(line.home, twin.home)
        twin.copy_database(line)
        for each in (line, twin):
            each.start()
        self.lines.append(twin)
        return twin


@pytest.fixture
def use_line(monkeypatch: pytest.MonkeyPatch) -> Iterator["LinePointer"]:
    """Points this process's settings at a line, so that a test can read its database."""
    yield LinePointer(monkeypatch)
    monkeypatch.undo()
    settings.cache_clear()


class LinePointer:
    """Callable that switches the settings of the test's own process."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch

    def __call__(self, line: Line) -> Line:
        for key, value in line.env().items():
            if key.startswith("LANDFALL_") and key != "LANDFALL_TEST_OUTSIDE":
                self.patch.setenv(key, value)
        settings.cache_clear()
        return line


@pytest.fixture(scope="session")
def first_night(new_line: LineMaker) -> Line:
    """A company after its first night, to look at; who changes it asks for a twin."""
    line = new_line("walked")
    line.night(line.day)
    return line
