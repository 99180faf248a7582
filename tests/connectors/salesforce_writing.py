"""Orgs that scores are written to: deals as a person left them, what a build owes, receipts, and what the org's journal shows.

`sync` is filled by hand: its table stands for the one dbt makes.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.settings import settings
from connectors.streams import write_back_of
from sandbox.company import Patch
from sandbox.salesforce_schema import org_id
from tests.connectors.channels import Served, served
from tests.connectors.chatting import at
from tests.connectors.outbox import publish
from tests.connectors.salesforce_org import OPP, pointed
from warehouse.connection import connect

DAY = date(2026, 6, 30)
CLEARED: dict[str, Any] = dict.fromkeys([*write_back_of("salesforce").fields, "tier", "period_id"])
SCORE = CLEARED | {
    "p_win_by_period_end": 0.31, "p_win_ever": 0.62, "expected_close_week": "2026-08-03", "band": "B",
    "reasons": ["阶段停留 12 天", "无互动"],
    "scored_at": "2026-06-30T16:00:00+00:00", "model_version": "win-1", "tier": "full_model", "period_id": "2026Q2", "link": "http://x/1",
}  # fmt: skip
HUMAN = {"name": "项目", "owner": ["1001"], "sales_stage": "eq_lead", "amount": "100.00", "life_status": "normal"}


def deal_ids(count: int) -> list[str]:
    """The ids of the first deals, as the org writes them."""
    return [org_id("006", f"w{n:05d}") or "" for n in range(count)]


@contextmanager
def writable(homes: Path, count: int, *more: Patch) -> Iterator[Served]:
    """Serve an org of `count` deals that this process's settings point at, scores included."""
    patches = [Patch(at("2026-06-29T10:00"), OPP, f"w{n:05d}", "create", HUMAN, "1001") for n in range(count)]
    with served(homes / "org", [*patches, *more]) as running, pytest.MonkeyPatch.context() as patch:
        now = pointed(running.url, homes)
        for name in ("base_url", "client_id"):
            patch.setenv(f"LANDFALL_SALESFORCE_{name.upper()}", getattr(now, f"salesforce_{name}"))
        patch.setenv("LANDFALL_SALESFORCE_CLIENT_SECRET", now.salesforce_client_secret.get_secret_value())
        patch.setenv("LANDFALL_WRITEBACK", "salesforce")
        settings.cache_clear()
        yield running
    settings.cache_clear()


def owe(messages: list[tuple[str, str, dict[str, Any]]], build_id: str = "20260630_a") -> None:
    """Publish a build of the day that owes the messages (id, action, payload)."""
    publish(DAY, build_id, "salesforce", messages)


def receipts() -> dict[str, tuple[str, str | None]]:
    with connect("writeback") as connection:
        found = connection.execute("select record_id, state, error_code from ops.writeback_receipts").fetchall()
    return {key: (state, code) for key, state, code in found}


def written(org: Served, version: str) -> Counter[str]:
    """How often the org's journal shows a deal given the scores of one model, by its Salesforce id."""
    rows = org.world.store.rows(
        "select id, fields from journal where actor = '1000' and op = 'update' and effective", ()
    )
    told = [row["id"] for row in rows if json.loads(row["fields"]).get("lf_model_version__c") == version]
    return Counter(str(org_id("006", key)) for key in told)
