"""A tenant's landing rows as the CRM sends them, and dbt run as the night runs it."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.settings import settings
from nightly import dbt_engine
from warehouse.clock import cutoff
from warehouse.connection import connect

SHANGHAI = ZoneInfo("Asia/Shanghai")
Row = tuple[str, str, str, dict[str, Any]]


@contextmanager
def as_tenant(name: str) -> Iterator[None]:
    """Settings that name this tenant, then again those that held."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANDFALL_TENANT", name)
        settings.cache_clear()
        yield
    settings.cache_clear()


def land_rows(rows: Iterable[Row]) -> None:
    """Landing rows (table, id, local instant of change, record) of the present tenant, each known the night of its change."""
    with connect("loader") as connection:
        for table, record_id, changed, record in rows:
            _insert(connection, table, record_id, changed, record, None)


def land_row(table: str, record_id: str, changed: str, record: dict[str, Any], known: str | None = None) -> None:
    """One landing row of the present tenant, changed at a local instant, known the night of its change unless said."""
    with connect("loader") as connection:
        _insert(connection, table, record_id, changed, record, known)


def _insert(
    connection: Any, table: str, record_id: str, changed: str, record: dict[str, Any], known: str | None
) -> None:
    changed_at = datetime.fromisoformat(changed).replace(tzinfo=SHANGHAI)
    known_on = date.fromisoformat(known) if known else changed_at.date()
    text = json.dumps(record, sort_keys=True)
    row = (
        record_id, text, hashlib.sha256(text.encode()).hexdigest(), changed_at, cutoff(known_on),
        cutoff(known_on), f"{table}-{known_on}", False,
    )  # fmt: skip
    connection.execute(f"insert into landing.{table} values (%s, %s, %s, %s, %s, %s, %s, %s)", row)


def run_dbt(state: Path, selector: str, as_of: str, **variables: str | int) -> None:
    """One dbt step, or models ("a b", or "+a +b" with all that they need), as the night builds it; fails with dbt's own words."""
    is_layer = selector in ("features", "marts", "sync")
    selected = ["--selector" if is_layer else "--select", *selector.split()]
    faults = dbt_engine.build(selected, {"as_of": as_of, **variables}, state.parent / "parsed", state)
    assert not faults, "\n".join(faults)


def milliseconds(local: str) -> str:
    """The wire form of a local instant or day: epoch milliseconds as text."""
    return str(int(datetime.fromisoformat(local).replace(tzinfo=SHANGHAI).timestamp() * 1000))


def deal_record(stage: str, created: str, **fields: Any) -> dict[str, Any]:
    """An opportunity as the CRM sends it, equipment process, ¥100,000, customer A1, owner 1001."""
    base: dict[str, Any] = {
        "name": "deal", "account_id": "A1", "owner": ["1001"], "sales_process_id": "equipment", "sales_stage": stage,
        "amount": "100000.00", "currency__c": "CNY", "life_status": "normal", "create_time": milliseconds(created),
    }  # fmt: skip
    return {key: value for key, value in (base | fields).items() if value is not None}
