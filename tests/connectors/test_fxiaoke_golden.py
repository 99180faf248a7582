"""Golden requests and answers of the Fxiaoke gateway, as public material prints them: connector and sandbox both take them.

Ids and secrets are invented. `thirdTraceId` is the one part that differs from call to call.
"""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.settings import settings, use
from connectors.fxiaoke import Fxiaoke
from connectors.streams import Stream
from tests.connectors.company import Company
from tests.connectors.vendor import Asked, Vendor
from warehouse.walks import Walk

CREDENTIALS = {"fxiaoke_app_id": "FSAID_demo", "fxiaoke_app_secret": "s3cret", "fxiaoke_permanent_code": "c0de"}
OAUTH = "/oauth2.0/token"
LEGACY = "/cgi/corpAccessToken/get/V2"
TOKEN = {"errorCode": 0, "errorMessage": "OK", "traceId": "E-O.demo-1", "accessToken": "AT_demo", "ea": "demo_ea",
         "expiresIn": 7084, "appId": "FSAID_demo", "openUserId": "FSCID_demo"}  # fmt: skip
LEGACY_TOKEN = {
    "corpAccessToken": "CAT_demo",
    "corpId": "FSCID_demo",
    "expiresIn": 7200,
    "errorCode": 0,
    "errorMessage": "success",
}
LEAD_FIELDS = ["_id", "name", "owner", "biz_status", "leads_stage", "last_modified_time", "life_status"]
QUERY: dict[str, Any] = {"data": {"dataObjectApiName": "LeadsObj", "find_explicit_total_num": False, "search_query_info": {
    "limit": 100, "offset": 0,
    "filters": [
        {"field_name": "last_modified_time", "operator": "GTE", "field_values": ["1763827200000"]},
        {"field_name": "_id", "operator": "GT", "field_values": ["65f0aa01c0ffee0001000063"]},
    ],
    "orders": [{"fieldName": "_id", "isAsc": True}],
    "fieldProjection": LEAD_FIELDS,
}}}  # fmt: skip
FIRST: dict[str, Any] = deepcopy(QUERY)  # the same, from the first record on
FIRST["data"]["search_query_info"]["filters"].pop()
LEAD = {"_id": "65f0aa01c0ffee0001000064", "name": "华东机电-王先生", "owner": ["1007"], "owner__r": {"name": "李娜"},
        "biz_status": "un_processed", "leads_stage": "Lead", "leads_pool_id": "65e0bb01", "assigned_time": 1763883000000,
        "resale_count": "5", "is_duplicated": False, "life_status": "normal", "company": "华东机电有限公司",
        "create_time": 1763880000000, "last_modified_time": 1763890123456, "UDSSel1__c": "option1"}  # fmt: skip
LEADS = {"errorCode": 0, "errorMessage": "OK", "errorDescription": "success", "traceId": "E-O.demo-2",
         "data": {"offset": 0, "limit": 100, "total": 0, "dataList": [LEAD]}}  # fmt: skip
UPDATE = {"triggerWorkFlow": False, "triggerApprovalFlow": False, "data": {"object_data": {
    "_id": "65f0aa01c0ffee0001000064", "dataObjectApiName": "LeadsObj", "lead_score__c": "87.5", "lead_score_time__c": 1763898000000,
}, "details": {}}}  # fmt: skip
DONE = {"errorCode": 0, "errorMessage": "OK", "errorDescription": "success", "traceId": "E-O.demo-3"}
ANSWERS = {OAUTH: TOKEN, LEGACY: LEGACY_TOKEN, "/cgi/crm/v2/data/query": LEADS, "/cgi/crm/v2/data/update": DONE}
STREAM = Stream(
    system="fxiaoke", name="leads", object="LeadsObj", key=["_id"], bookkeeping=["last_modified_time"],
    fields=dict.fromkeys(("name", "owner", "biz_status", "leads_stage", "life_status"), "text"),
)  # fmt: skip
START = datetime.fromtimestamp(1763827200, UTC)


@pytest.fixture
def gateway() -> Iterator[Vendor]:
    """A gateway that gives the printed answers."""
    vendor = Vendor(lambda asked: ANSWERS[asked.path])
    yield vendor
    vendor.close()


@pytest.fixture(params=["header", "body"])
def crm(
    gateway: Vendor, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Fxiaoke]:
    """The connector, signing in by either style."""
    for name in ("HOME", "FXIAOKE_BASE_URL", "FXIAOKE_AUTH_STYLE", *(name.upper() for name in CREDENTIALS)):
        monkeypatch.setenv(f"LANDFALL_{name}", "")  # so that what `use` sets ends with the test
    opened = Fxiaoke(
        use(home=str(tmp_path), fxiaoke_base_url=gateway.url, fxiaoke_auth_style=request.param, **CREDENTIALS)
    )
    yield opened
    opened.close()
    settings.cache_clear()


def business(asked: Asked) -> dict[str, Any]:
    """The body of a request without what the old style of sign-in adds to it."""
    signed = ("corpAccessToken", "corpId", "currentOpenUserId")
    return {name: value for name, value in asked.json.items() if name not in signed}


def test_signing_in_sends_the_printed_body_and_every_call_carries_what_its_style_demands(
    crm: Fxiaoke, gateway: Vendor
) -> None:
    crm.query("LeadsObj", [], ["_id"])
    token, query = gateway.asked
    asked = {"appId": "FSAID_demo", "appSecret": "s3cret", "permanentCode": "c0de"}
    if token.path == OAUTH:
        assert token.json == asked | {"grantType": "app_secret"}
        sent = {name: query.headers.get(name) for name in ("authorization", "x-fs-ea", "x-fs-userid")}
        assert sent == {"authorization": "Bearer AT_demo", "x-fs-ea": "demo_ea", "x-fs-userid": "1000"}
        assert token.query["thirdTraceId"] != query.query["thirdTraceId"]
    else:
        assert (token.path, token.json) == (LEGACY, asked)
        assert {name: query.json[name] for name in ("corpAccessToken", "corpId", "currentOpenUserId")} == {
            "corpAccessToken": "CAT_demo", "corpId": "FSCID_demo", "currentOpenUserId": "1000",
        }  # fmt: skip
        assert "authorization" not in query.headers


def test_a_page_is_asked_for_as_printed_within_the_walks_window_and_its_records_are_read(
    crm: Fxiaoke, gateway: Vendor
) -> None:
    end = START + timedelta(days=1)
    walk = Walk("fxiaoke", "leads", START.date(), START, end, last_id="65f0aa01c0ffee0001000063")
    (page,) = crm.pages(STREAM, walk)
    assert (list(page.rows), page.cursor, page.is_last) == ([LEAD], LEAD["_id"], True)
    sent = business(gateway.asked[-1])
    search = sent["data"]["search_query_info"]
    until = {"field_name": "last_modified_time", "operator": "LT", "field_values": ["1763913600000"]}
    assert search["filters"].pop(1) == until, "no record changed after the cutoff is asked for"
    search["fieldProjection"] = sorted(search["fieldProjection"])
    printed = QUERY["data"]["search_query_info"] | {"fieldProjection": sorted(LEAD_FIELDS)}
    assert sent == {"data": QUERY["data"] | {"search_query_info": printed}}


def test_a_list_that_comes_as_a_single_map_is_one_record(
    crm: Fxiaoke, gateway: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ANSWERS, "/cgi/crm/v2/data/query", LEADS | {"data": {"dataList": LEAD}})
    assert list(crm.query("LeadsObj", [], LEAD_FIELDS)) == [LEAD]


def test_a_score_is_written_as_printed_with_both_triggers_off(crm: Fxiaoke, gateway: Vendor) -> None:
    values = {"lead_score__c": "87.5", "lead_score_time__c": 1763898000000}
    crm.update("LeadsObj", "65f0aa01c0ffee0001000064", values)
    assert business(gateway.asked[-1]) == UPDATE


def test_the_sandbox_takes_the_printed_requests_and_answers_in_the_printed_form(company: Company) -> None:
    now = settings()
    secrets = {
        "appSecret": now.fxiaoke_app_secret.get_secret_value(),
        "permanentCode": now.fxiaoke_permanent_code.get_secret_value(),
    }
    with httpx.Client(base_url=company.url, trust_env=False) as client:
        asked = {"appId": now.fxiaoke_app_id, **secrets, "grantType": "app_secret"}
        token = client.post(OAUTH, params={"thirdTraceId": "1"}, json=asked).json()
        assert token.keys() >= TOKEN.keys()
        signed = {"authorization": f"Bearer {token['accessToken']}", "x-fs-ea": token["ea"], "x-fs-userid": "1000"}
        answer = client.post("/cgi/crm/v2/data/query", json=QUERY, headers=signed).json()
        assert answer.keys() == LEADS.keys()
        assert answer["errorCode"] == 0, answer
        lead = client.post("/cgi/crm/v2/data/query", json=FIRST, headers=signed).json()["data"]["dataList"][0]
        assert {name: type(value) for name, value in lead.items()} == {name: type(LEAD[name]) for name in lead}

        legacy = client.post(LEGACY, json={"appId": now.fxiaoke_app_id, **secrets}).json()
        assert legacy.keys() >= LEGACY_TOKEN.keys()
        body = {
            "corpAccessToken": legacy["corpAccessToken"],
            "corpId": legacy["corpId"],
            "currentOpenUserId": "FSUID_1000",
        }
        assert client.post("/cgi/crm/v2/data/query", json=QUERY | body).json()["errorCode"] == 0

        written = {"_id": lead["_id"], "dataObjectApiName": "LeadsObj"}
        update = UPDATE | {"data": {"object_data": written, "details": {}}}
        assert client.post("/cgi/crm/v2/data/update", json=update, headers=signed).json().keys() == DONE.keys() | {
            "data"
        }
