"""What is printed about writing to DingTalk: the connector sends the request and takes the answer, the sandbox speaks the same way."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.settings import Settings
from connectors.calls import RefusedError
from connectors.http import UnansweredError
from connectors.pacing import Patience
from connectors.streams import Target, WriteBack
from connectors.writer_dingtalk import DingTalkWriter
from tests.connectors.chatting import Served
from tests.connectors.vendor import Asked, Vendor
from warehouse.receipts import Message, Outcome

PATH = "/v1.0/crm/relationDatas/batch"
REQUEST: dict[str, Any] = {
 "relationType": "crm_customer_personal", "operatorUserId": "u001", "skipDuplicateCheck": True,
 "relationList": [{"relationId": "ins-demo-1", "bizDataList": [{"key": "NumberField-score", "value": "87.5"}]}]}  # fmt: skip
ANSWER: dict[str, Any] = {"results": [
 {"relationId": "ins-demo-1", "success": True},
 {"relationId": "ins-demo-2", "success": False, "errorCode": "crm.data.notExist", "errorMsg": "数据不存在",
  "duplicatedRelationIds": []}]}  # fmt: skip
MAPPING = WriteBack(
    object="crm_customer_personal", fields={"p_win_ever": Target(field="NumberField-score", kind="number")}
)
Opened = Callable[..., tuple[DingTalkWriter, Vendor, list[float]]]


def about(customer: str, value: float | None = 87.5, action: str = "send") -> Message:
    return Message("b", "customer", customer, "dingtalk", action, {"p_win_ever": value}, "x", None, is_dead=False)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """opened(answer to everything but the sign-in): a writer of a vendor that answers so, and what it waited."""
    started: list[Any] = []

    def start(said: Callable[[Asked], Any]) -> tuple[DingTalkWriter, Vendor, list[float]]:
        token = {"accessToken": "AT", "expireIn": 7200}
        vendor, slept = Vendor(lambda asked: token if asked.path.endswith("Token") else said(asked)), list[float]()
        now = Settings(
            _env_file=None, home=tmp_path, dingtalk_base_url=vendor.url, dingtalk_legacy_base_url=vendor.url,
            dingtalk_app_key="k", dingtalk_app_secret="s3cret", dingtalk_user_id="u001", dingtalk_requests_per_20s=0,
        )  # fmt: skip
        started.extend([DingTalkWriter(now, MAPPING, Patience(2, pause=slept.append)), vendor])
        return started[-2], vendor, slept

    yield start
    for each in started:
        each.close()


def test_the_printed_write_is_sent_with_the_token_as_a_header_and_a_null_clears(opened: Opened) -> None:
    writer, vendor, _ = opened(lambda _: ANSWER)
    writer.write([about("ins-demo-1")])
    asked = vendor.asked[-1]
    assert (asked.method, asked.path, asked.json) == ("PUT", PATH, REQUEST)
    assert asked.headers["x-acs-dingtalk-access-token"] == "AT"
    writer.write([about("ins-demo-1", None)])
    assert vendor.asked[-1].json["relationList"][0]["bizDataList"] == [{"key": "NumberField-score", "value": ""}]


def test_the_printed_answer_is_taken_row_by_row_and_a_row_without_a_result_is_unknown(opened: Opened) -> None:
    writer, _, _ = opened(lambda _: ANSWER)
    assert writer.write([about("ins-demo-2"), about("ins-demo-1"), about("ins-demo-3")]) == [
        Outcome("rejected", "crm.data.notExist"),
        Outcome("acked"),
        Outcome("unknown", answer="no result for this customer"),
    ]


def test_a_customer_is_read_back_by_its_id_and_a_number_may_be_written_otherwise(opened: Opened) -> None:
    found = {"result": [{"instanceId": "ins-demo-1", "data": {"NumberField-score": "87.50", "customer_name": "华东"}}]}
    writer, vendor, _ = opened(lambda _: found)
    assert [writer.holds(about("ins-demo-1", value)) for value in (87.5, 87.4, None)] == [True, False, False]
    asked = vendor.asked[-1]
    assert (asked.method, asked.path, asked.json) == ("POST", "/v1.0/crm/personalCustomers/batchQuery", ["ins-demo-1"])
    assert asked.query == {"currentOperatorUserId": "u001", "relationType": "crm_customer_personal"}
    assert not writer.holds(about("ins-demo-9"))


@pytest.mark.parametrize(("status", "code", "state"), [
    (400, "request.too.frequent", "unprocessed"), (503, "ServiceUnavailable", "unknown"),
    (400, "crm.data.invalid", "rejected"),
])  # fmt: skip
def test_a_refused_call_says_what_became_of_its_row(opened: Opened, status: int, code: str, state: str) -> None:
    writer, vendor, _ = opened(lambda _: (status, {"code": code, "message": "", "requestid": "r"}))
    (outcome,) = writer.write([about("ins-demo-1")])
    assert (outcome.state, outcome.error_code, outcome.trace_id) == (state, code, "r")
    writes = [asked for asked in vendor.asked if asked.path == PATH]
    assert len(writes) == (2 if state == "unprocessed" else 1)  # only what was certainly not done is sent again


@pytest.mark.parametrize("code", [
    "Forbidden.AccessDenied.ApiCountLimitForOrg", "crm.not.installed", "Forbidden.AccessDenied.AccessTokenPermissionDenied",
])  # fmt: skip
def test_what_concerns_every_call_stops_the_night(opened: Opened, code: str) -> None:
    writer, vendor, _ = opened(lambda _: (403, {"code": code, "message": "", "requestid": "r"}))
    with pytest.raises(RefusedError, match=code):
        writer.write([about("ins-demo-1"), about("ins-demo-2")])
    assert len([asked for asked in vendor.asked if asked.path == PATH]) == 1


def test_of_a_call_sent_row_by_row_what_was_taken_before_the_quota_ended_stays_acknowledged(opened: Opened) -> None:
    def said(asked: Asked) -> Any:
        ids = [row["relationId"] for row in asked.json["relationList"]]
        if len(ids) > 1:
            return 400, {"code": "crm.data.invalid", "message": "", "requestid": "r"}
        if ids == ["ins-demo-1"]:
            return ANSWER
        return 403, {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg", "message": "", "requestid": "r"}

    writer, _, _ = opened(said)
    outcomes = writer.write([about(f"ins-demo-{number}") for number in range(1, 4)])
    assert [outcome.state for outcome in outcomes] == ["acked", "unprocessed", "unprocessed"]


def test_a_write_answered_by_a_web_page_is_not_repeated_unseen(opened: Opened) -> None:
    writer, vendor, slept = opened(lambda _: (200, b"<html>blocked</html>"))
    with pytest.raises(UnansweredError):
        writer.write([about("ins-demo-1")])
    assert (len(vendor.asked), slept) == (2, [])


def test_the_sandbox_takes_the_printed_write_and_answers_in_the_printed_shape(chatting: Served) -> None:
    base, signed = f"{chatting.url}/dingtalk", {"appKey": "ding_sandbox", "appSecret": "sandbox-secret"}
    token = httpx.post(f"{base}/v1.0/oauth2/accessToken", json=signed).json()["accessToken"]
    headers = {"x-acs-dingtalk-access-token": token}
    (row,) = REQUEST["relationList"]
    rows = [row | {"relationId": "ins-D000"}, row | {"relationId": "ins-demo-2"}]
    asked = REQUEST | {"operatorUserId": "dt1003", "relationList": rows}
    found = httpx.put(base + PATH, json=asked, headers=headers).json()
    good, bad = ANSWER["results"]
    assert found == {"results": [good | {"relationId": "ins-D000"}, bad]}
    of = {"currentOperatorUserId": "dt1003", "relationType": "crm_customer_personal"}
    by_ids = f"{base}/v1.0/crm/personalCustomers/batchQuery"
    (shown,) = httpx.post(by_ids, params=of, json=["ins-D000", "ins-demo-2"], headers=headers).json()["result"]
    assert (shown["instanceId"], shown["data"]["NumberField-score"]) == ("ins-D000", "87.5")
    assert shown["data"].keys() > {"customer_name", "customer_phone"}
