"""Fixtures of the connectors' tests: a served sandbox company a module, settings that point at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import settings
from tests.connectors.chatting import PATCHES, Served
from tests.connectors.company import Company


@pytest.fixture(scope="module")
def company(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A small company of 2026-06-30 with its go-live export; this module's settings point at it."""
    served = Company(tmp_path_factory.mktemp("company"))
    patch = pytest.MonkeyPatch()
    values = {"FXIAOKE_BASE_URL": served.url, "HISTORY_DIR": str(served.export("full")), "HISTORY": "full"}
    values |= {"SOURCES": "fxiaoke", "WECOM_BASE_URL": f"{served.url}/wecom"}
    values |= {f"DINGTALK_{gateway}BASE_URL": f"{served.url}/dingtalk" for gateway in ("", "LEGACY_")}
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


@pytest.fixture(scope="module")
def chatting(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A small company on WeCom and DingTalk; this module's settings point at it, its tokens lie in a home of their own."""
    served = Served(tmp_path_factory.mktemp("chatting"), PATCHES)
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    values = {
        "WECOM_BASE_URL": f"{served.url}/wecom",
        "SOURCES": "wecom,dingtalk",
        "WECOM_ARCHIVE_DIR": str(home / "archive"),
    }
    values |= {f"DINGTALK_{gateway}BASE_URL": f"{served.url}/dingtalk" for gateway in ("", "LEGACY_")}
    (home / "archive").mkdir()
    for name, value in values.items():
        patch.setenv(f"LANDFALL_{name}", value)
    settings.cache_clear()
    yield served
    served.stop()
    patch.undo()
    settings.cache_clear()
