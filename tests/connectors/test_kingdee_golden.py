"""The requests and answers printed in the vendor's material, and its client's signature: the connector sends and reads exactly these."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from config.settings import Settings
from connectors import kingdee_signing
from connectors.calls import RefusedError
from connectors.http import Reply
from connectors.kingdee import Kingdee
from connectors.kingdee_codes import judge
from connectors.pacing import Patience
from connectors.streams import Stream
from tests.connectors.vendor import Asked, Vendor
from warehouse.steps import StepError
from warehouse.walks import Walk

APP = "demo_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
SERVICE = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub."
ROW = [
    100123, 200456, "XSDD000812", "2026-11-20T00:00:00", "C", "CUST0031", "华东机电有限公司", "李娜", "M-1001", 20.0, 113.0, 2260.0,
    "2026-11-22T12:00:45.053",
]  # fmt: skip
FIELDS = (
    "FID,FSaleOrderEntry_FEntryID,FBillNo,FDate,FDocumentStatus,FCustId.FNumber,FCustId.FName,FSalerId.FName,FMaterialId.FNumber,FQty,"
    "FTaxPrice,FAllAmount,FModifyDate"
)
ASKED = {
    "FormId": "SAL_SaleOrder", "FieldKeys": FIELDS,
    "FilterString": "FModifyDate >= '2026-11-22 00:58:00' and FModifyDate < '2026-11-23 01:00:00'",
    "OrderString": "FID ASC, FSaleOrderEntry_FEntryID ASC", "TopRowCount": 0, "StartRow": 0, "Limit": 2000,
}  # fmt: skip
SIGNED_IN = {
    "LoginResultType": 1, "Message": None, "KDSVCSessionId": "sess-demo",
    "Context": {"UserName": "连接器账号", "LogLocale": "zh-CN"},
}  # fmt: skip
STREAM = Stream.model_validate(
    {
        "object": "SAL_SaleOrder", "key": ["FID", "FSaleOrderEntry_FEntryID"], "changed": {"field": "FModifyDate", "unit": "local"},
        "fields": dict.fromkeys(FIELDS.split(",")[2:], "text"),
    }
)  # fmt: skip
WALK = Walk(
    "kingdee", "orders", date(2026, 11, 22), datetime(2026, 11, 21, 16, 58, tzinfo=UTC), datetime(2026, 11, 22, 17, tzinfo=UTC)
)  # fmt: skip


def failure(message: str, code: int = 0) -> Any:
    """The printed failure with another message and MsgCode."""
    errors = [{"FieldName": None, "Message": message, "DIndex": 0}]
    status = {
        "ErrorCode": 500, "IsSuccess": False, "Errors": errors, "SuccessEntitys": [], "SuccessMessages": [], "MsgCode": code,
    }  # fmt: skip
    return [[{"Result": {"ResponseStatus": status}}]]


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Any]:
    """asked(answers, style): an opened connector whose queries get `answers` in turn, and the server behind it."""
    opened: list[Any] = []

    def open_with(*answers: Any, style: str = "session") -> tuple[Kingdee, Vendor]:
        left = list(answers)

        def answer(request: Asked) -> Any:
            return SIGNED_IN if "LoginByAppSecret" in request.path else left.pop(0)

        vendor = Vendor(answer)
        now = Settings(
            home=tmp_path, kingdee_base_url=vendor.url, kingdee_account_id="5f0000000000aa", kingdee_user="连接器账号",
            kingdee_app_id=APP, kingdee_app_secret="sandbox-secret", kingdee_auth_style=style, kingdee_organization="100",
            kingdee_requests_per_20s=0,
        )  # fmt: skip
        erp = Kingdee(now, Patience(attempts=3, pause=lambda _: None))
        opened.extend([erp, vendor])
        return erp, vendor

    yield open_with
    for each in opened:
        each.close()


def test_a_session_is_opened_and_the_query_is_the_printed_one(asked: Any) -> None:
    erp, vendor = asked([ROW])
    (page,) = erp.pages(STREAM, WALK)
    sign_in, query = vendor.asked
    assert sign_in.path == f"{SERVICE}AuthService.LoginByAppSecret.common.kdsvc"
    assert sign_in.json | {"rid": "9a2b", "timestamp": "2026-11-23 01:00:00"} == {
        "format": 1, "useragent": "ApiClient", "rid": "9a2b", "parameters": ["5f0000000000aa", "连接器账号", APP, "sandbox-secret", 2052],
        "timestamp": "2026-11-23 01:00:00", "v": "1.0",
    }  # fmt: skip
    assert query.path == f"{SERVICE}DynamicFormService.ExecuteBillQuery.common.kdsvc"
    assert query.headers["cookie"] == "kdservice-sessionid=sess-demo"
    assert orjson.loads(query.json["parameters"][0]) == ASKED
    assert page.rows == [dict(zip(FIELDS.split(","), ROW, strict=True))]
    assert (page.cursor, page.is_last) == ("100123|200456", True)


def test_a_signed_query_carries_the_object_itself_and_no_session(asked: Any) -> None:
    erp, vendor = asked([], style="signed")
    (page,) = erp.pages(STREAM, WALK)
    (query,) = vendor.asked
    assert (query.json, page.rows, page.is_last) == ({"data": ASKED}, [], True)
    assert query.headers["x-kd-appkey"] == APP
    assert "cookie" not in query.headers


def test_the_window_is_written_in_the_zone_of_the_server(asked: Any) -> None:
    changed = {"field": "FModifyDate", "unit": "local", "zone": "America/New_York"}
    abroad = Stream.model_validate(STREAM.model_dump() | {"changed": changed})
    erp, vendor = asked([], style="signed")
    list(erp.pages(abroad, WALK))
    (query,) = vendor.asked
    assert query.json["data"]["FilterString"] == (
        "FModifyDate >= '2026-11-21 11:58:00' and FModifyDate < '2026-11-22 12:00:00'"
    )


def test_the_signature_is_that_of_the_vendors_client() -> None:
    """Made by kingdee.cdp.webapi.sdk 8.2.0 for these inputs."""
    path = f"{SERVICE}DynamicFormService.ExecuteBillQuery.common.kdsvc"
    made = kingdee_signing.headers(
        APP, "sandbox-secret", "5f0000000000aa,连接器账号,2052,100", path, timestamp="1763830800", nonce="1763830800"
    )
    assert made == {
        "X-Api-ClientID": "demo", "X-Api-Auth-Version": "2.0", "x-api-timestamp": "1763830800", "x-api-nonce": "1763830800",
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "X-Api-Signature": "NzkzYWUyNDJhNDdjZTVjOWZiMDZjNWNjZDZmYzEwMTNmNTQzMWIyODkxYWQwMWQ5NTE3NzljMGU2NmU2OWEwNg==",
        "X-Kd-Appkey": APP, "X-Kd-Appdata": "NWYwMDAwMDAwMDAwYWEs6L+e5o6l5Zmo6LSm5Y+3LDIwNTIsMTAw",
        "X-Kd-Signature": "MWQzNjMwMTE4NWJlMDEzY2VlNmQwN2FiOGQ4MGViN2JkYWM2NGE4ZGEwM2E1YjE3Zjk0NmQxOWYyZTliNjIyYQ==",
    }  # fmt: skip


def test_each_signed_request_has_a_nonce_of_its_own(asked: Any) -> None:
    erp, vendor = asked(b"response_error:busy", [], style="signed")
    list(erp.pages(STREAM, WALK))
    first, second = (request.headers["x-api-nonce"] for request in vendor.asked)
    assert first != second


def test_an_app_id_that_cannot_sign_is_named() -> None:
    with pytest.raises(StepError, match="LANDFALL_KINGDEE_APP_ID is not an id that signs requests"):
        kingdee_signing.client_secret("sandbox")


def test_a_lost_session_costs_one_sign_in_and_the_same_page_again(asked: Any) -> None:
    erp, vendor = asked(failure("会话信息已丢失，请重新登录", 1), [ROW])
    (page,) = erp.pages(STREAM, WALK)
    assert len(page.rows) == 1
    assert ["LoginByAppSecret" in request.path for request in vendor.asked] == [True, False, True, False]
    assert vendor.asked[1].json == vendor.asked[3].json


def test_a_session_that_is_lost_at_once_again_stops_with_what_to_correct(asked: Any) -> None:
    lost = failure("会话信息已丢失，请重新登录", 1)
    erp, vendor = asked(lost, lost)
    with pytest.raises(
        RefusedError, match=r"Kingdee refused SAL_SaleOrder .会话信息已丢失.*: sign-in is lost again and again"
    ):
        list(erp.pages(STREAM, WALK))
    assert len(vendor.asked) == 4


def test_a_failure_in_plain_text_is_asked_again_and_in_the_end_told(asked: Any) -> None:
    erp, vendor = asked(
        b"response_error: rows in error", b"response_error: rows in error", b"response_error: rows in error"
    )
    with pytest.raises(RefusedError, match=r"\(rows in error\): the server failed"):
        list(erp.pages(STREAM, WALK))
    assert len(vendor.asked) == 4


def test_json_that_is_encoded_twice_is_read_all_the_same(asked: Any) -> None:
    erp, _ = asked(orjson.dumps([ROW]).decode())
    (page,) = erp.pages(STREAM, WALK)
    assert page.rows[0]["FBillNo"] == "XSDD000812"


@pytest.mark.parametrize(("answer", "reaction"), [
    ([], "ok"), ([ROW], "ok"), (orjson.dumps(failure("会话信息已丢失，请重新登录", 1)).decode(), "refresh"),
    (failure("请重新登录"), "refresh"), (failure("元数据中标识为FXyz的字段不存在"), "skip"), (failure("业务对象不存在"), "skip"),
    (failure("您没有该功能的操作权限"), "skip"), (failure("未知"), "skip"), (failure("业务对象不存在")[0][0], "skip"), (SIGNED_IN, "ok"),
    (SIGNED_IN | {"LoginResultType": 0, "Message": "密码错误"}, "stop"), ({"Result": {"ResponseStatus": {"IsSuccess": True}}}, "ok"),
    ({"status": 1111}, None), ("<html>", None), ([{"a": 1}], None),
])  # fmt: skip
def test_each_printed_answer_asks_one_thing_of_us(answer: Any, reaction: str | None) -> None:
    verdict = judge(Reply(200, b"", {}), answer)
    assert (verdict.reaction if verdict else None) == reaction
