"""What is printed about DingTalk's API: the connector accepts every answer and sends every request, the sandbox speaks the same way."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.settings import Settings
from connectors.calls import RefusedError
from connectors.dingtalk import DingTalk
from connectors.pacing import Patience
from connectors.reading import read_page
from connectors.streams import mapping_of
from tests.connectors.chatting import Served
from tests.connectors.vendor import Asked, Vendor
from warehouse.clock import cutoff
from warehouse.steps import StepError
from warehouse.walks import Walk

TOKEN: dict[str, Any] = {"accessToken": "AT", "expireIn": 7200}
CUSTOMERS: dict[str, Any] = {"result": {"maxResults": 100, "nextToken": "NT_demo", "values": [
 {"instanceId": "ins-demo-1", "objectType": "crm_customer_personal",
  "data": {"customer_name": "华东机电有限公司", "customer_phone": "13800000000"}, "extendData": {},
  "creatorUserId": "u001", "creatorNick": "李娜",
  "createTime": "2026-11-20 15:33:12", "modifyTime": "2026-11-22 09:10:00",
  "permission": {"ownerStaffIds": ["u001"], "participantStaffIds": []},
  "processInstanceStatus": "COMPLETED", "processOutResult": "agree"}]}}  # fmt: skip
FOLLOW_UPS: dict[str, Any] = {"result": {"hasMore": False, "nextToken": "", "resultList": [
 {"recordInstId": "rec-1", "creatorUserId": "u001",
  "followContent": [{"key": "TextareaField-1", "value": "已报价，等回复", "bizAlias": "follow_content"}],
  "gmtCreateMilliseconds": 1763880000000, "gmtModifiedMilliseconds": 1763880000000}]}}  # fmt: skip
LOGS: dict[str, Any] = {"errcode": 0, "result": {"size": 20, "has_more": True, "next_cursor": 20, "data_list": [
 {"report_id": "rp-1", "template_name": "日报", "creator_id": "u001", "creator_name": "李娜", "dept_name": "华东销售部",
  "create_time": 1763880000000,
  "contents": [{"sort": "0", "type": "1", "key": "今日完成工作", "value": "拜访2家客户"}], "remark": ""}]}}  # fmt: skip


def printed(asked: Asked) -> Any:
    """The printed answer to a request; the page behind a cursor is the last one."""
    if asked.path.endswith("accessToken"):
        return TOKEN
    if asked.path.endswith("customerInstances"):
        last = {"result": {"maxResults": 100, "nextToken": "", "values": []}}
        return last if asked.json.get("nextToken") else CUSTOMERS
    if asked.path.endswith("report/list"):
        return LOGS if asked.json["cursor"] == 0 else {"errcode": 0, "result": {"has_more": False, "data_list": []}}
    return FOLLOW_UPS


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., tuple[DingTalk, Vendor, list[float]]]]:
    """opened(answer): a client of a vendor that answers so, and what it waited."""
    started: list[Any] = []

    def start(answer: Callable[[Asked], Any]) -> tuple[DingTalk, Vendor, list[float]]:
        vendor, slept = Vendor(answer), list[float]()
        now = Settings(
            _env_file=None,
            home=tmp_path,
            dingtalk_base_url=vendor.url,
            dingtalk_legacy_base_url=vendor.url,
            dingtalk_app_key="k",
            dingtalk_app_secret="s3cret",
            dingtalk_user_id="u001",
            dingtalk_requests_per_20s=0,
        )
        started.extend([DingTalk(now, Patience(2, pause=slept.append)), vendor])
        return started[-2], vendor, slept

    yield start
    for each in started:
        each.close()


def landed(client: DingTalk, name: str, day: date) -> list[dict[str, Any]]:
    stream, walk = (
        mapping_of("dingtalk").streams[name],
        Walk("dingtalk", name, day, cutoff(date(2025, 11, 1)), cutoff(day)),
    )
    records = [record for page in client.pages(stream, walk) for record in read_page(stream, walk, page.rows)[0]]
    return [record.record for record in records]


def test_the_printed_customers_are_asked_for_with_the_token_as_a_header_and_paged_to_the_end(opened) -> None:  # type: ignore[no-untyped-def]
    client, vendor, _ = opened(printed)
    (row,) = landed(client, "customers", date(2026, 11, 22))
    assert (row["instanceId"], row["customer_name"], row["ownerStaffIds"]) == (
        "ins-demo-1",
        "华东机电有限公司",
        ["u001"],
    )
    token, first, second = vendor.asked
    assert (token.path, token.json) == ("/v1.0/oauth2/accessToken", {"appKey": "k", "appSecret": "s3cret"})
    asked = {"operatorUserId": "u001", "objectType": "crm_customer_personal", "maxResults": 100}
    assert (first.json, second.json) == (asked, asked | {"nextToken": "NT_demo"})
    assert (first.headers["x-acs-dingtalk-access-token"], first.query) == ("AT", {})


def test_the_printed_follow_up_lands_with_its_customer_and_without_its_text(opened) -> None:  # type: ignore[no-untyped-def]
    client, vendor, _ = opened(printed)
    told = {
        "recordInstId": "rec-1",
        "creatorUserId": "u001",
        "gmtCreateMilliseconds": 1763880000000,
        "gmtModifiedMilliseconds": 1763880000000,
    }
    assert landed(client, "follow_ups", date(2026, 11, 22)) == [told | {"followTargetDataId": "ins-demo-1"}]
    assert vendor.asked[-1].json == {
        "followTargetType": "crm_customer_personal",
        "followTargetDataId": "ins-demo-1",
        "maxResults": 100,
    }


def test_the_printed_log_is_asked_for_by_template_in_milliseconds_with_the_token_in_the_query(opened) -> None:  # type: ignore[no-untyped-def]
    client, vendor, _ = opened(printed)
    (row,) = landed(client, "logs", date(2025, 11, 30))
    assert row == {
        "report_id": "rp-1",
        "template_name": "日报",
        "creator_id": "u001",
        "dept_name": "华东销售部",
        "create_time": 1763880000000,
    }
    first, second = (asked for asked in vendor.asked if asked.path == "/topapi/report/list")
    assert (first.query, first.json["template_name"], first.json["size"]) == ({"access_token": "AT"}, "日报", 20)
    assert (first.json["cursor"], second.json["cursor"]) == (0, 20)
    assert first.json["start_time"] > 10**12 < first.json["end_time"]


@pytest.mark.parametrize(
    ("stream", "endpoint", "page"),
    [
        ("customers", "customerInstances", {"values": [], "nextToken": "NT"}),
        ("follow_ups", "targetFollowRecords/query", {"hasMore": True, "nextToken": "NT", "resultList": []}),
        ("logs", "report/list", {"has_more": True, "next_cursor": 20, "data_list": []}),
        ("logs", "report/list", {"has_more": True, "next_cursor": 0, "data_list": []}),
    ],
)
def test_a_vendor_that_names_the_page_just_read_as_the_next_one_ends_the_walk(opened, stream, endpoint, page) -> None:  # type: ignore[no-untyped-def]
    """It was read for ever, or the list was cut there and passed for whole."""
    told = {"errcode": 0, "result": page}
    client, vendor, _ = opened(lambda asked: told if asked.path.endswith(endpoint) else printed(asked))
    with pytest.raises(StepError, match=f"DingTalk repeats a page of {stream.replace('_', '-')} instead of going on"):
        landed(client, stream, date(2026, 11, 22))
    assert len([asked for asked in vendor.asked if asked.path.endswith(endpoint)]) <= 2


def test_seconds_are_refused_before_they_are_sent(opened) -> None:  # type: ignore[no-untyped-def]
    client, vendor, _ = opened(printed)
    stream = mapping_of("dingtalk").streams["logs"]
    walk = Walk("dingtalk", "logs", date(1980, 1, 1), None, cutoff(date(1980, 1, 1)))
    with pytest.raises(StepError, match="are no milliseconds"):
        list(client.pages(stream, walk))
    assert vendor.asked == []


@pytest.mark.parametrize(("stream", "page"), [
    ("follow_ups", {"hasMore": True, "nextToken": "NT_same", "resultList": FOLLOW_UPS["result"]["resultList"]}),
    ("logs", LOGS["result"] | {"next_cursor": 0}), ("logs", LOGS["result"] | {"next_cursor": 20}),
])  # fmt: skip
def test_a_page_that_names_itself_as_the_next_one_ends_the_walk(opened, stream: str, page: dict[str, Any]) -> None:  # type: ignore[no-untyped-def]
    """Follow-ups ended there as if they were whole, logs went on for ever."""
    named = {"follow_ups": "targetFollowRecords/query", "logs": "report/list"}[stream]
    client, vendor, _ = opened(
        lambda asked: {"errcode": 0, "result": page} if asked.path.endswith(named) else printed(asked)
    )
    with pytest.raises(StepError, match="instead of going on"):
        landed(client, stream, date(2026, 11, 22))
    assert len([asked for asked in vendor.asked if asked.path.endswith(named)]) <= 2


@pytest.mark.parametrize(("said", "reaction"), [
    ((401, {"code": "InvalidAuthentication", "message": "token", "requestid": "r"}), "refresh"),
    ((403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "", "requestid": "r"}), "back_off"),
    ((400, {"code": "request.too.frequent", "message": "", "requestid": "r"}), "back_off"),
    ((403, {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg", "message": "", "requestid": "r"}), "stop"),
    ((400, {"code": "crm.not.installed", "message": "", "requestid": "r"}), "stop"),
    ((400, {"code": "crm.data.notExist", "message": "", "requestid": "r"}), "skip"),
    ((503, {"code": "ServiceUnavailable", "message": "", "requestid": "r"}), "unknown"),
    ((200, {"errcode": 40014, "errmsg": ""}), "refresh"), ((200, {"errcode": 90002, "errmsg": ""}), "back_off"),
    ((200, {"errcode": 90020, "errmsg": ""}), "stop"), ((200, {"errcode": 40035, "errmsg": ""}), "skip"),
    ((200, {"status": 1111, "wait": 5}), "back_off"),
])  # fmt: skip
def test_every_printed_refusal_has_its_reaction(opened, said: tuple[int, dict[str, Any]], reaction: str) -> None:  # type: ignore[no-untyped-def]
    client, _, slept = opened(lambda asked: TOKEN if asked.path.endswith("accessToken") else said)
    with pytest.raises(RefusedError) as caught:
        next(client.customers("crm_customer_personal"))
    assert caught.value.reaction == reaction
    assert (slept == [300.0]) is (said[1].get("status") == 1111)


def test_the_sandbox_accepts_the_printed_requests_and_answers_in_the_printed_shape(chatting: Served) -> None:
    base = f"{chatting.url}/dingtalk"
    token = httpx.post(
        f"{base}/v1.0/oauth2/accessToken", json={"appKey": "ding_sandbox", "appSecret": "sandbox-secret"}
    ).json()
    assert token.keys() == TOKEN.keys()
    headers = {"x-acs-dingtalk-access-token": token["accessToken"]}
    kind = "crm_customer_personal"
    asked = {"operatorUserId": "dt1003", "objectType": kind, "maxResults": 100}
    found = httpx.post(f"{base}/v1.0/crm/customerInstances", json=asked, headers=headers).json()["result"]
    assert found.keys() == CUSTOMERS["result"].keys()
    assert found["values"][0].keys() == CUSTOMERS["result"]["values"][0].keys()
    of = {"followTargetType": kind, "followTargetDataId": "ins-D000", "maxResults": 100}
    every = [of | {"followTargetDataId": row["instanceId"]} for row in found["values"][:30]]
    notes = [
        httpx.post(f"{base}/v1.0/crm/targetFollowRecords/query", json=each, headers=headers).json()["result"]
        for each in every
    ]
    shown = next(row for note in notes for row in note["resultList"])
    assert shown.keys() == FOLLOW_UPS["result"]["resultList"][0].keys()
    span = {"start_time": 1782748800000, "end_time": 1782835199999, "template_name": "日报", "cursor": 0, "size": 20}
    address = (
        f"{base}/topapi/report/list?access_token={token['accessToken']}"  # the new token holds at the older gateway
    )
    logs = httpx.post(address, json=span).json()
    assert logs["result"]["data_list"][0].keys() - {"modified_time"} == LOGS["result"]["data_list"][0].keys()
    seconds = span | {"start_time": 1782748800, "end_time": 1782835199}
    assert httpx.post(address, json=seconds).json() | {"request_id": ""} == {
        "errcode": 0, "result": {"size": 20, "has_more": False, "data_list": []}, "request_id": "",
    }  # fmt: skip
