"""What the tests of the SQL share: landing rows written by hand, and dbt run as the night runs it."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.settings import settings
from warehouse.clock import cutoff
from warehouse.connection import connect

SHANGHAI = ZoneInfo("Asia/Shanghai")
PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"

Land = Callable[..., None]
Build = Callable[..., None]
Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def land(tenant_database: str) -> Land:
    """land(table, id, changed "2026-01-05 10:00" local, record, known=None): one landing row, known the night of its change unless said."""

    def insert(table: str, record_id: str, changed: str, record: dict[str, Any], known: str | None = None) -> None:
        changed_at = datetime.fromisoformat(changed).replace(tzinfo=SHANGHAI)
        known_on = date.fromisoformat(known) if known else changed_at.date()
        text = json.dumps(record, sort_keys=True)
        row = (
            record_id, text, hashlib.sha256(text.encode()).hexdigest(), changed_at, cutoff(known_on),
            cutoff(known_on), f"{table}-{known_on}", False,
        )  # fmt: skip
        with connect("loader") as connection:
            connection.execute(f"insert into landing.{table} values (%s, %s, %s, %s, %s, %s, %s, %s)", row)

    return insert


@pytest.fixture(scope="module")
def build(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """build(selector, as_of, **vars): one dbt step, or models of a `--select` ("+fct_lead"), in a child process; fails with dbt's words."""
    state = tmp_path_factory.mktemp("dbt")

    def run(selector: str, as_of: str, **variables: str | int) -> None:
        now = settings()
        address = {"HOST": now.pg_host, "PORT": str(now.pg_port), "USER": now.pg_user, "DATABASE": now.pg_database}
        env = os.environ | {f"LANDFALL_PG_{key}": value for key, value in address.items()}
        if now.pg_passfile:
            env["PGPASSFILE"] = str(now.pg_passfile)
        command = [
            str(Path(sys.executable).with_name("dbt")),
            "--quiet",
            "--no-use-colors",
            "build",
            *(["--select", *selector.split()] if "+" in selector else ["--selector", selector]),
        ]
        command += ["--exclude-resource-type", "unit_test", "--vars", json.dumps({"as_of": as_of, **variables})]
        command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        command += ["--target-path", str(state / selector), "--log-path", str(state / "logs")]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.fixture(scope="module")
def query(tenant_database: str) -> Query:
    """query(statement, *params): all rows, read as the pipeline's own transformer."""

    def run(statement: str, *params: Any) -> list[tuple[Any, ...]]:
        with connect("transformer") as connection:
            return connection.execute(statement, params).fetchall()

    return run


def milliseconds(local: str) -> str:
    """The wire form of a local instant or day: epoch milliseconds as text."""
    return str(int(datetime.fromisoformat(local).replace(tzinfo=SHANGHAI).timestamp() * 1000))


@pytest.fixture(scope="session")
def ms() -> Callable[[str], str]:
    """ms("2026-01-05 10:00"): the CRM's wire form of a local instant."""
    return milliseconds


@pytest.fixture(scope="session")
def deal() -> Callable[..., dict[str, Any]]:
    """deal(stage, created, **fields): an opportunity as the CRM sends it, equipment process, ¥100,000, customer A1, owner 1001."""

    def record(stage: str, created: str, **fields: Any) -> dict[str, Any]:
        base: dict[str, Any] = {
            "name": "deal", "account_id": "A1", "owner": ["1001"], "sales_process_id": "equipment", "sales_stage": stage,
            "amount": "100000.00", "currency__c": "CNY", "life_status": "normal", "create_time": milliseconds(created),
        }  # fmt: skip
        return {key: value for key, value in (base | fields).items() if value is not None}

    return record
