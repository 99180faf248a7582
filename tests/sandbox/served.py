"""A CRM of a few records, written by hand and a client of it."""

import os
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from sandbox.company import Patch
from sandbox.life import write
from sandbox.store import database

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 6, 30)
TARGETS = [{"node_id": "D0", "period_id": "2026Q2", "gross_amount": "1000000.00"}]
SIGN_IN = {
    "appId": "FSAID_sandbox",
    "appSecret": "sandbox-secret",
    "permanentCode": "sandbox-code",
    "grantType": "app_secret",
}


def at(text: str) -> datetime:
    """An instant written in Shanghai's time, in UTC."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def ms(text: str) -> int:
    """An instant written in Shanghai's time, in epoch milliseconds."""
    return round(at(text).timestamp() * 1000)


def deal(at_text: str, key: str, **fields: Any) -> Patch:
    """A deal of 王伟 is created."""
    return Patch(
        at(at_text),
        "NewOpportunityObj",
        key,
        "create",
        {"name": f"项目{key}", "owner": ["1001"], "life_status": "normal", **fields},
        "1001",
    )


PATCHES = [
    Patch(
        at("2024-01-01T09:00"),
        "PersonnelObj",
        "1000",
        "create",
        {"user_id": "1000", "full_name": "集成", "status": "0"},
        "-10000",
    ),
    Patch(
        at("2024-01-01T09:00"),
        "PersonnelObj",
        "1001",
        "create",
        {"user_id": "1001", "full_name": "王伟", "phone": "13800000001", "status": "0"},
        "-10000",
    ),
    deal(
        "2026-05-10T10:00",
        "o1",
        sales_process_id="parts",
        sales_stage="pt_need",
        amount="9.50",
        lead_source__c="dealer",
    ),
    deal("2026-05-10T10:00", "o2", sales_process_id="parts", sales_stage="pt_need", amount="100.00"),
    deal("2026-05-20T10:00", "o3", sales_process_id="equipment", sales_stage="eq_lead"),
    Patch(
        at("2026-06-01T11:00"),
        "NewOpportunityObj",
        "o1",
        "update",
        {"sales_stage": "pt_quote", "amount": "12.00"},
        "1001",
    ),
    Patch(at("2026-06-01T12:00"), "NewOpportunityObj", "o2", "delete", {}, "1001"),
    Patch(at("2026-06-10T11:00"), "NewOpportunityObj", "o1", "update", {"sales_stage": "won", "amount": None}, "1001"),
    deal(
        "2026-06-20T10:00",
        "o4",
        sales_process_id="software",
        sales_stage="sw_lead",
        amount="250000.00",
        is_renewal__c=True,
    ),
    Patch(at("2026-07-01T00:40"), "NewOpportunityObj", "o3", "update", {"amount": "77.00"}, "1001"),
    Patch(at("2026-07-01T01:30"), "NewOpportunityObj", "o4", "update", {"amount": "260000.00"}, "1001"),
    deal("2026-07-02T15:00", "o5", sales_stage="pt_need"),
]


def found_by_hand(home: Path) -> Path:
    """Write the company of PATCHES under `home`, as `create` would."""
    path = database(home)
    path.parent.mkdir(parents=True)
    state = {
        "day": DAY,
        "go_live": DAY - timedelta(days=28),
        "horizon": DAY + timedelta(days=3),
        "seed": 1,
        "scale": 1,
        "day_began_at": 0.0,
    }
    write(path, PATCHES, state, TARGETS)
    return home


def command(home: Path, *arguments: str) -> list[str]:
    """The command line of the sandbox for a home."""
    return [sys.executable, "-m", "sandbox", "--home", str(home), *arguments]


def environment() -> dict[str, str]:
    """An environment without settings of the caller."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LANDFALL_")}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@dataclass
class Crm:
    """A client of the served CRM."""

    http: httpx.Client
    home: Path
    token: str = ""

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """One request as employee 1000 in the new style; `headers` replace its own."""
        own = {"authorization": f"Bearer {self.token}", "x-fs-ea": "sandbox_ea", "x-fs-userid": "1000"}
        return self.http.post(path, json=body, headers=own | headers)

    def query(
        self, filters: list[tuple[str, str, list[str]]], name: str = "NewOpportunityObj", **info: Any
    ) -> dict[str, Any]:
        """The answer to a search by ascending id."""
        asked = {
            "limit": 100,
            "offset": 0,
            "orders": [{"fieldName": "_id", "isAsc": True}],
            "filters": [
                {"field_name": field, "operator": operator, "field_values": values}
                for field, operator, values in filters
            ],
        }
        answer: dict[str, Any] = self.post(
            "/cgi/crm/v2/data/query", {"data": {"dataObjectApiName": name, "search_query_info": asked | info}}
        ).json()
        return answer

    def found(self, *filters: tuple[str, str, list[str]], **info: Any) -> list[str]:
        """Ids of the deals that a search finds."""
        return [record["_id"] for record in self.query(list(filters), **info)["data"]["dataList"]]

    def update(self, key: str, name: str = "NewOpportunityObj", **fields: Any) -> int:
        """Write fields of one record without firing workflows; the errorCode."""
        row = {"_id": key, "dataObjectApiName": name, **fields}
        answer = self.post(
            "/cgi/crm/v2/data/update",
            {"triggerWorkFlow": False, "triggerApprovalFlow": False, "data": {"object_data": row, "details": {}}},
        )
        return int(answer.json()["errorCode"])

    def control(self, path: str, body: Any = None) -> Any:
        """One of the sandbox's own endpoints."""
        answer = self.http.get(f"/sandbox/{path}") if body is None else self.http.post(f"/sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()
