"""A tenant names fields, units and options its own way: what lands has our names and values, what leaves has the tenant's."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.settings import Settings
from connectors.fxiaoke import Fxiaoke
from connectors.reading import read_page
from connectors.replay import full_versions, stage_versions
from connectors.streams import Changed, FilledBy, StageLog, Stream, mapping_of
from tests.connectors.vendor import Asked, Vendor
from warehouse.clock import cutoff
from warehouse.landing import Record
from warehouse.walks import Walk

DAY = date(2026, 6, 30)
INSIDE = 1782800000000
DEALS = Stream(
    system="fxiaoke", name="opportunities", object="OpportunityObj", key=["_id"],
    changed=Changed(field="last_modified_time", unit="ms"), bookkeeping=["last_modified_time"],
    fields={"name": "text", "amount": "text", "sales_stage": "text", "links": "list", "create_time": "instant"},
    filled_by={
        "amount": FilledBy(field="field_x7Kp2__c", scale=Decimal(10000)),
        "sales_stage": FilledBy(field="oppo_stage_id", values={"5f01": "won"}),
        "links": FilledBy(values={"OpportunityObj": "NewOpportunityObj"}),
    },
)  # fmt: skip
WALK = Walk("fxiaoke", "opportunities", DAY, datetime(2026, 6, 29, 15, tzinfo=UTC), cutoff(DAY))


def landed(**fields: Any) -> dict[str, Any]:
    records, rejects = read_page(DEALS, WALK, [{"_id": "a", "last_modified_time": INSIDE, **fields}])
    assert rejects == []
    return {name: value for name, value in records[0].record.items() if name not in ("_id", "last_modified_time")}


@pytest.mark.parametrize(("theirs", "ours"), [
    ("12.5", "125000.00"), (12.5, "125000.00"), (7, "70000.00"), ("0", "0.00"), ("-3.00001", "-30000.10"),
    ("0.1234567", "1234.567"), ("99999999999.9999", "999999999999999.00"), ("", ""), ("0.3", "3000.00"),
])  # fmt: skip
def test_an_amount_in_ten_thousands_becomes_yuan_to_the_last_digit(theirs: Any, ours: str) -> None:
    assert landed(field_x7Kp2__c=theirs) == {"amount": ours}


def test_an_amount_that_is_no_decimal_is_refused_by_its_name_and_kept_as_it_came() -> None:
    row = {"_id": "a", "last_modified_time": INSIDE, "field_x7Kp2__c": "12,5 万"}
    _, rejects = read_page(DEALS, WALK, [row])
    assert [(reject.record_id, reject.reason) for reject in rejects] == [
        ("a", "amount is no decimal, so its unit cannot be converted")
    ]
    assert b"field_x7Kp2__c" in rejects[0].raw


def test_listed_options_get_our_names_and_others_land_as_they_came() -> None:
    assert landed(oppo_stage_id="5f01") == {"sales_stage": "won"}
    assert landed(oppo_stage_id="5f02") == {"sales_stage": "5f02"}
    assert landed(links=[{"id": "o1", "describe_api_name": "OpportunityObj"}]) == {
        "links": [{"id": "o1", "describe_api_name": "NewOpportunityObj"}]
    }


def test_a_field_of_ours_that_the_tenant_uses_for_something_else_is_not_read() -> None:
    assert landed(amount="77", name="甲") == {"name": "甲"}


def test_the_sandbox_tenants_mapping_translates_nothing() -> None:
    streams = mapping_of("fxiaoke").streams.values()
    assert all(stream.names == stream.projection and not stream.filled_by for stream in streams)


@pytest.mark.parametrize(("filled_by", "said"), [
    ({"margin": {"field": "x"}}, "margin, which is none of the stream's fields"),
    ({"name": {"field": "amount"}}, "the tenant's field amount fills more than one field"),
])  # fmt: skip
def test_a_mapping_that_cannot_be_meant_is_refused(filled_by: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Stream.model_validate(DEALS.model_dump(exclude={"filled_by"}) | {"filled_by": filled_by})


def test_the_tenants_names_are_asked_for_and_checked() -> None:
    vendor = Vendor(_crm)
    crm = Fxiaoke(Settings(fxiaoke_base_url=vendor.url, fxiaoke_app_id="a", fxiaoke_requests_per_20s=0))
    try:
        page = next(iter(crm.pages(DEALS, WALK)))
        assert [record.record["amount"] for record in read_page(DEALS, WALK, page.rows)[0]] == ["125000.00"]
        assert [fault.partition(":")[0] for fault in crm.faults(DEALS)] == ["OpportunityObj has no field links"]
    finally:
        crm.close()
        vendor.close()
    search = next(asked.json for asked in vendor.asked if asked.path.endswith("/data/query"))["data"][
        "search_query_info"
    ]
    assert search["fieldProjection"] == [
        "_id", "last_modified_time", "name", "field_x7Kp2__c", "oppo_stage_id", "links", "create_time"
    ]  # fmt: skip


def _crm(asked: Asked) -> dict[str, Any]:
    """A CRM that knows the tenant's fields but `links`, and one deal."""
    if asked.path == "/oauth2.0/token":
        return {"errorCode": 0, "accessToken": "t", "ea": "e", "expiresIn": 7200}
    if asked.path.endswith("/object/describe"):
        known = ["name", "field_x7Kp2__c", "oppo_stage_id", "create_time"]
        return {"errorCode": 0, "data": {"describe": {"fields": {name: {"type": "text"} for name in known}}}}
    row = {"_id": "a", "last_modified_time": INSIDE, "field_x7Kp2__c": "12.5"}
    return {"errorCode": 0, "data": {"dataList": [row]}}


def test_an_export_of_the_tenant_is_replayed_by_its_names(tmp_path: Path) -> None:
    born = 1780275600000  # 2026-06-01 09:00 in Shanghai
    (tmp_path / "OpportunityObj_initial.csv").write_text(
        f"id,name,field_x7Kp2__c,oppo_stage_id,links,create_time\na,甲,12.5,5f02,,{born}\nb,乙,much,5f02,,{born}\n"
    )
    (tmp_path / "OpportunityObj_changes.csv").write_text(
        "id,field,new_value,changed_at\na,oppo_stage_id,5f01,2026-06-02T09:00:00+08:00\n"
        "a,field_x7Kp2__c,13,2026-06-02T09:00:00+08:00\na,amount,1,2026-06-03T09:00:00+08:00\n"
    )
    versions = list(full_versions(tmp_path, DEALS))
    told = [(v.record["amount"], v.record["sales_stage"]) for v in versions if isinstance(v, Record)]
    assert told == [("125000.00", "5f02"), ("130000.00", "won")]
    assert len(versions) == 3  # b's amount cannot be read


def test_a_stage_log_of_the_tenant_is_replayed_by_its_names(tmp_path: Path) -> None:
    (tmp_path / "OpportunityObj_initial.csv").write_text("id,oppo_stage_id,create_time\na,5f02,1780275600000\n")
    (tmp_path / "opportunity_stage_log.csv").write_text("id,to_stage,changed_at\na,5f01,2026-06-02T09:00:00+08:00\n")
    log = StageLog(
        stream="opportunities", fixed_at_creation=[], stage="sales_stage", stage_changed_at="stg_changed_time"
    )
    versions = [v for v in stage_versions(tmp_path, DEALS, log) if isinstance(v, Record)]
    assert [v.record.get("sales_stage") for v in versions] == [None, "won"]
