"""Fixtures for all suites: one embedded PostgreSQL a session, a fresh migrated database for each module that asks."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from config.settings import settings

# Files that look at one first night or start from it.
ONE_COMPANY = ("the_line", "warm", "partial_night", "failpoints", "seven_nights", "canaries", "runbook")


class OneWorkerForOneCompany(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Files side by side, those that share a company's first night on one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "first_night" if file in {f"tests/end_to_end/test_{name}.py" for name in ONE_COMPANY} else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """What `make test` shares the tests out by."""
    return OneWorkerForOneCompany(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A soak that names no time of its own gets two hours: the limit of the others ended whole nights where a machine was busy."""
    for item in items:
        if item.get_closest_marker("soak") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(7200))


@pytest.fixture(scope="session")
def postgres_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home folder of a running embedded PostgreSQL; the environment of the whole session points at it."""
    from sandbox import postgres

    home = tmp_path_factory.mktemp("landfall")
    for folder in (home, *home.parents):
        if folder.name.startswith("pytest-"):
            folder.chmod(0o755)  # the server runs as nobody, who must be able to enter
    patch = pytest.MonkeyPatch()
    for name in [key for key in os.environ if key.startswith("LANDFALL_")]:
        patch.delenv(name)
    patch.setenv("LANDFALL_HOME", str(home))
    settings.cache_clear()
    postgres.start()
    yield home
    postgres.stop("immediate")
    patch.undo()
    settings.cache_clear()


@pytest.fixture(scope="module")
def tenant_database(postgres_home: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh, migrated tenant database of its own for one test module; yields the tenant's name."""
    from warehouse.migrate import migrate
    from warehouse.restores import NOTED

    *_, folder, module = request.module.__name__.split(".")
    named = f"{folder[:6]}_{module.removeprefix('test_')}"  # two folders may have modules of one name
    tenant = "t_" + "".join(c if c.isalnum() else "_" for c in named)[:28]
    patch = pytest.MonkeyPatch()
    patch.setenv("LANDFALL_TENANT", tenant)
    settings.cache_clear()
    migrate()
    yield tenant
    # its backups went with its folders, and an erasure of the next module would look for them
    (settings().home / NOTED).unlink(missing_ok=True)
    patch.undo()
    settings.cache_clear()
