"""A published company of its own whose pages run, for the tests that look at them.

It is made, read and published first, which takes minutes (`make soak`); TEST_PAGES_HOME names a working copy's state folder whose pages
already run (`make bi`), to look at those instead.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from bi.bundle import uid
from config.runtime import runtime_values
from config.settings import ROOT
from sandbox.postgres import free_port

Rows = list[dict[str, Any]]


@dataclass
class Company:
    """A published company whose pages run."""

    home: Path
    address: str

    def password(self, person: str) -> str:
        """The password that `make bi` drew for an invented person."""
        return (self.home / "bi" / "passwords" / person).read_text("utf-8").strip()

    def fetch(self, person: str, query: str) -> list[tuple[Any, ...]]:
        """What the database shows that person."""
        port = runtime_values(self.home)["pg_port"]
        with psycopg.connect(
            host="127.0.0.1", port=port, dbname="landfall_sandbox", user=person, password=self.password(person)
        ) as own:
            return own.execute(query).fetchall()

    def signed_in(self, person: str) -> httpx.Client:
        """A client of Superset's API that is signed in as that person."""
        client = httpx.Client(base_url=self.address, trust_env=False, timeout=120)
        answer = client.post(
            "/api/v1/security/login", json={"username": person, "password": self.password(person), "provider": "db"}
        )
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client


@dataclass
class Asked:
    """Questions that charts ask of datasets, as one person."""

    client: httpx.Client

    def number_of(self, dataset: str) -> int:
        """Superset's own number of a dataset of ours."""
        wanted = f"(filters:!((col:uuid,opr:eq,value:'{uid('dataset', dataset)}')),columns:!(id))"
        found = self.client.get("/api/v1/dataset/", params={"q": wanted}).json()["result"]
        assert len(found) == 1, f"{dataset}: {found}"
        return int(found[0]["id"])

    def rows(self, dataset: str, columns: list[str], metrics: list[str], **equal: str) -> Rows:
        """What a chart over those columns and metrics is answered, where columns equal values."""
        query = {
            "columns": columns, "metrics": metrics, "row_limit": 10000, "orderby": [],
            "filters": [{"col": column, "op": "IN", "val": [value]} for column, value in equal.items()],
        }  # fmt: skip
        body = {"datasource": {"id": self.number_of(dataset), "type": "table"}, "queries": [query], "force": True,
                "result_format": "json", "result_type": "full"}  # fmt: skip
        answer = self.client.post("/api/v1/chart/data", json=body)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["result"][0]["data"])


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The company; skips where Superset's environment is absent."""
    if not (ROOT / ".venv-bi" / "bin" / "python").exists():
        pytest.skip("Superset's environment is absent: run `make bi` once, then rerun")
    ready = os.environ.get("TEST_PAGES_HOME")
    if ready:
        yield Company(Path(ready), f"http://127.0.0.1:{os.environ.get('LANDFALL_BI_PORT', '8088')}")
        return
    home, port = tmp_path_factory.mktemp("company") / "var", free_port()
    env = {
        **os.environ,
        "LANDFALL_HOME": str(home),
        "LANDFALL_BI_PORT": str(port),
        "LANDFALL_SANDBOX_SCALE": "0.02",
        "LANDFALL_BI_EMBED_ORIGINS": "http://intranet.example",
    }
    for command in ("night", "bi"):
        subprocess.run([sys.executable, "-m", "nightly", command], env=env, cwd=ROOT, check=True)
    yield Company(home, f"http://127.0.0.1:{port}")
    subprocess.run([sys.executable, "-m", "nightly", "down"], env=env, cwd=ROOT, check=True)
    shutil.rmtree(home)
