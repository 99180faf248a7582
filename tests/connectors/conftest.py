"""Fixtures of the connectors' tests: a served sandbox company a module, settings that point at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import settings
from tests.connectors.company import Company


@pytest.fixture(scope="module")
def company(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A small company of 2026-06-30 with its go-live export; this module's settings point at it."""
    served = Company(tmp_path_factory.mktemp("company"))
    patch = pytest.MonkeyPatch()
    values = {
        "FXIAOKE_BASE_URL": served.url,
        "HISTORY_DIR": str(served.export("full")),
        "HISTORY": "full",
        "SOURCES": "fxiaoke",
    }
    for name, value in values.items():
        patch.setenv(f"LANDFALL_{name}", value)
    settings.cache_clear()
    yield served
    served.stop()
    patch.undo()
    settings.cache_clear()


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """An empty folder for a file tenant's exports."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    return folder
