"""A hand-written company in a Salesforce org, served by a thread, and walks over its streams as a night makes them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from config.settings import Settings, settings
from connectors.pacing import Patience
from connectors.salesforce import Salesforce
from connectors.streams import mapping_of
from connectors.walk import Tally, walk_stream
from sandbox.company import Patch
from sandbox.salesforce_sign_in import CLIENT_ID, CLIENT_SECRET
from tests.connectors.chatting import at
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.walks import Walk, loading

DAY = date(2026, 6, 30)
STREAMS = ["accounts", "leads", "opportunities", "stage_changes", "tasks", "roles", "users"]
COUNTS = {
    "accounts": 40,
    "leads": 70,
    "opportunities": 118,
    "stage_changes": 130,
    "tasks": 60,
    "roles": 4,
    "users": 6,
}  # living ones that the night of DAY sees
OPP = "NewOpportunityObj"


def _made(kind: str, key: str, when: str, **fields: Any) -> Patch:
    return Patch(at(when), kind, key, "create", {"owner": ["1001"], "life_status": "normal", **fields}, "1001")


def _deal(number: int) -> Patch:
    """Deal d000 … d119, five to each minute, so that many share their instant."""
    when = f"2026-06-{28 + number // 60:02d}T10:{number % 60 // 5:02d}:00"
    return _made(
        OPP, f"d{number:03d}", when, name=f"项目{number}", account_id=f"a{number % 40:02d}", sales_process_id="equipment",
        sales_stage="eq_lead", amount=f"{1000 + number}.50", currency__c="USD" if number % 7 == 0 else "CNY",
        close_date=1785513600000, stg_changed_time=round(at(when).timestamp() * 1000),
    )  # fmt: skip


PATCHES = [
    *(_made("AccountObj", f"a{n:02d}", f"2026-06-28T09:{n:02d}", name=f"苏州{n}精密机械有限公司") for n in range(40)),
    _made("AccountObj", "a99", "2026-06-28T09:50", name="苏州1精密机械", merged_into_id__c="a01", life_status="invalid"),
    *(
        _made("LeadsObj", f"l{n:02d}", f"2026-06-29T0{n % 9}:{n % 60:02d}", name=f"王{n}", company="华东机电", mobile=f"138{n:08d}")
        for n in range(70)
    ),
    *(_deal(n) for n in range(120)),
    *(
        Patch(at("2026-06-28T08:00"), "DepartmentObj", key, "create",
              {"name": name, "life_status": "normal", "manager_id": [manager], **({"parent_id": [above]} if above else {})}, "1000")
        for key, name, above, manager in [("D0", "公司", "", "1001"), ("D10", "华东", "D0", "1002"), ("D101", "一部", "D10", "1003"),
                                          ("D102", "二部", "D10", "1004")]
    ),
    *(
        Patch(at("2026-06-28T08:10"), "PersonnelObj", key, "create", {"user_id": key, "full_name": f"员工{key}", "status": status,
              "main_department": [place], "life_status": "normal"}, "1000")
        for key, place, status in [("1001", "D0", "0"), ("1002", "D10", "0"), ("1003", "D101", "0"), ("1004", "D102", "0"),
                                   ("1005", "D101", "0"), ("1006", "D102", "1")]
    ),
    *(
        Patch(at(f"2026-06-30T12:{n:02d}"), OPP, f"d{n:03d}", "update", {"sales_stage": "eq_need", "amount": "2000.00"}, "1001")
        for n in range(11)
    ),
    Patch(at("2026-06-30T13:00"), OPP, "d119", "delete", {}, "1001"),
    Patch(at("2026-07-01T00:00"), OPP, "d118", "update", {"sales_stage": "won"}, "1001"),  # on the border between two days
    *(
        _made("ActiveRecordObj", f"t{n:02d}", f"2026-06-30T15:{n:02d}", active_record_type="1", direction__c="in",
              related_object_data=[{"id": f"d{n:03d}", "describe_api_name": OPP}])
        for n in range(60)
    ),
]  # fmt: skip


def pointed(url: str, home: Path, **more: Any) -> Settings:
    """Settings that name the org at `url`; tokens are kept under `home`."""
    named = {
        "salesforce_client_id": CLIENT_ID,
        "salesforce_client_secret": CLIENT_SECRET,
        "salesforce_base_url": url,
        "home": str(home),
    }
    return Settings(
        _env_file=None,
        **{name: value for name, value in settings().model_dump().items() if name not in named} | named | more,
    )


@dataclass
class Org:
    """The org at `now`; `slept` are the waits that would have been."""

    now: Settings
    slept: list[float] = field(default_factory=list)

    def opened(self) -> Salesforce:
        """The org with a patience that only notes."""
        return Salesforce(self.now, Patience(4, pause=self.slept.append))

    def walk(self, stream: str, day: date = DAY, window_from: datetime | None = None) -> Tally:
        """Read the stream up to the end of `day` and land it."""
        opened, tally = self.opened(), Tally()
        try:
            with loading("salesforce") as connection:
                owed = Walk("salesforce", stream, day, window_from, cutoff(day))
                walk_stream(connection, opened, mapping_of("salesforce").streams[stream], owed, tally)
        finally:
            opened.close()
        return tally


def landed(stream: str) -> dict[str, dict[str, Any]]:
    """The newest landed record of each id."""
    with connect("loader") as connection:
        return dict(
            connection.execute(
                f"select distinct on (record_id) record_id, record from landing.salesforce__{stream}"
                " order by record_id, changed_at desc, known_at desc"
            ).fetchall()
        )


def living(stream: str) -> dict[str, dict[str, Any]]:
    """Those that are no tombstones."""
    return {key: record for key, record in landed(stream).items() if not record.get("is_deleted")}


def forget() -> None:
    """Nothing was ever landed."""
    tables = ", ".join(f"landing.salesforce__{stream}" for stream in STREAMS)
    with connect("owner_ddl", autocommit=True) as connection:
        connection.execute(f"truncate {tables}, ops.loads, ops.cursors, ops.load_parts")
