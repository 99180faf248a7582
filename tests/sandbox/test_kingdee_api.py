"""The ERP over HTTP: sign-in and signature, queries, refusals in its own words, planted faults, and a test's own documents."""

from typing import Any

import httpx
import orjson
import pytest

from tests.sandbox.served import Crm, ms

SERVICE = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.{}.common.kdsvc"
QUERY = SERVICE.format("DynamicFormService.ExecuteBillQuery")
SECRETS = ["5f0000000000aa", "连接器账号", "sandbox_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY", "sandbox-secret", 2052]
FIELDS = "FID,FSaleOrderEntry_FEntryID,FBillNo,FDocumentStatus,FCustId.FName,FAllAmount,FModifyDate"
LOST = "会话信息已丢失，请重新登录"


@pytest.fixture
def erp(crm: Crm) -> Crm:
    """The served company, signed in to its ERP; deal o4 of 王伟 is won for 250,000 on 29 June."""
    won = {"sales_stage": "won", "amount": "250000.00", "contract_no__c": "HT-4", "product_line__c": "sw_mes"}
    account = {"name": "华东机电有限公司", "uniform_social_credit_code__c": "91X"}
    crm.control(
        "patch",
        [
            {"object": "AccountObj", "id": "a4", "op": "create", "fields": account, "at_ms": ms("2026-06-01T09:00")},
            {"object": "NewOpportunityObj", "id": "o4", "op": "update", "fields": won | {"account_id": "a4"},
             "at_ms": ms("2026-06-29T10:00")},
        ],
    )  # fmt: skip
    crm.http.cookies.update(sign_in(crm).cookies)
    return crm


def sign_in(crm: Crm, *credentials: Any) -> httpx.Response:
    body = {"format": 1, "useragent": "ApiClient", "rid": "9a2b", "parameters": [*(credentials or SECRETS)], "v": "1.0"}
    return crm.http.post(SERVICE.format("AuthService.LoginByAppSecret"), json=body)


def asked(crm: Crm, form: str = "SAL_SaleOrder", fields: str = FIELDS, **more: Any) -> Any:
    """The parsed answer to a query."""
    data = {"FormId": form, "FieldKeys": fields, "FilterString": "", "OrderString": "FID ASC", "TopRowCount": 0}
    body = {"data": {**data, "StartRow": 0, "Limit": 2000, **more}}
    return crm.http.post(QUERY, content=orjson.dumps(body)).json()


def refusal(answer: Any) -> tuple[str, int]:
    """Message and MsgCode of a refusal inside `[[…]]`."""
    status = answer[0][0]["Result"]["ResponseStatus"]
    assert status["IsSuccess"] is False
    return status["Errors"][0]["Message"], status["MsgCode"]


def test_a_won_deal_is_an_order_within_the_hour_for_the_same_amount(erp: Crm) -> None:
    rows = asked(erp)
    assert sum(row[5] for row in rows) == 250_000
    assert {row[3] for row in rows} == {"C"}
    assert all("2026-06-29T10:" < row[6] < "2026-06-29T12:" for row in rows)
    assert {"华东机电" in row[4] for row in rows} == {True}


def test_the_printed_query_is_understood(erp: Crm) -> None:
    """The request of the vendor's material, whose window lies behind the company's day."""
    printed = (
        "FID,FSaleOrderEntry_FEntryID,FBillNo,FDate,FDocumentStatus,FCustId.FNumber,FCustId.FName,FSalerId.FName,FMaterialId.FNumber,FQty,"
        "FTaxPrice,FAllAmount,FModifyDate"
    )
    within = "FModifyDate >= '2026-11-22 00:58:00' and FModifyDate < '2026-11-23 01:00:00'"
    order = "FID ASC, FSaleOrderEntry_FEntryID ASC"
    assert asked(erp, fields=printed, FilterString=within, OrderString=order) == []
    rows = asked(erp, fields=printed, OrderString=order)
    assert rows == sorted(rows) != []
    assert {tuple(type(cell) for cell in row) for row in rows} == {(int, int, *[str] * 7, float, float, float, str)}


def test_both_styles_of_body_are_understood(erp: Crm) -> None:
    data = {"FormId": "SAL_SaleOrder", "FieldKeys": FIELDS, "Limit": 2000, "OrderString": "FID ASC"}
    inside = erp.http.post(QUERY, json={"parameters": [orjson.dumps(data).decode()]}).json()
    assert inside == asked(erp) != []


def test_without_session_or_with_wrong_secret_nothing_is_told(erp: Crm) -> None:
    wrong = sign_in(erp, *SECRETS[:3], "guessed", 2052)
    assert (wrong.status_code, wrong.json()["LoginResultType"]) == (200, 0)
    erp.http.cookies.clear()
    assert refusal(asked(erp)) == (LOST, 1)


def test_a_session_ends_by_the_rule_and_by_a_planted_fault(erp: Crm) -> None:
    erp.control("faults", [{"kind": "token_expired", "request_index": 1}])
    assert refusal(asked(erp)) == (LOST, 1)
    assert refusal(asked(erp)) == (LOST, 1)
    erp.http.cookies.update(sign_in(erp).cookies)
    assert asked(erp) != []
    erp.control("rules", {"kingdee_session_s": 0})
    assert refusal(asked(erp)) == (LOST, 1)


@pytest.mark.parametrize(("change", "message"), [
    ({"fields": "FID,FXyz"}, "元数据中标识为FXyz的字段不存在"), ({"form": "SAL_Nothing"}, "业务对象不存在"),
    ({"FilterString": "FQty > "}, "FilterString 语法错误"), ({"FilterString": "FID = 1 FID"}, "FilterString 语法错误"),
    ({"OrderString": "FNone ASC"}, "元数据中标识为FNone的字段不存在"),
])  # fmt: skip
def test_what_is_not_well_formed_is_refused_in_the_vendors_words(
    erp: Crm, change: dict[str, Any], message: str
) -> None:
    assert refusal(asked(erp, **change)) == (message, 0)


def test_a_form_that_is_not_granted_is_refused(erp: Crm) -> None:
    erp.control("rules", {"denied_objects": ["AR_Match"]})
    assert refusal(asked(erp, "AR_Match", "FID"))[0] == "您没有该功能的操作权限"


def test_filters_order_and_pages_cut_the_rows(erp: Crm) -> None:
    numbers = [row[0] for row in asked(erp, "BD_MATERIAL", "FNumber", OrderString="FNumber DESC")]
    assert numbers == sorted(numbers, reverse=True)
    shown = asked(erp, "BD_MATERIAL", "FNumber", OrderString="FNumber ASC", StartRow=2, Limit=3)
    assert [row[0] for row in shown] == sorted(numbers)[2:5]
    either = "(FNumber = 'M-2001' or (FSafeStock > 80 and FErpClsID = '1'))"
    found = asked(erp, "BD_MATERIAL", "FNumber", FilterString=either, OrderString="FNumber ASC")
    assert [row[0] for row in found] == ["M-2001", "M-2005"]
    erp.control("rules", {"kingdee_most_rows": 4})
    assert len(asked(erp, "BD_MATERIAL", "FNumber", OrderString="FNumber ASC")) == 4


def test_a_window_of_change_times_compares_as_the_vendor_writes_them(erp: Crm) -> None:
    within = "FModifyDate >= '2026-06-29 00:00:00' and FModifyDate < '2026-06-30 00:00:00'"
    assert asked(erp, FilterString=within) == asked(erp) != []
    assert asked(erp, FilterString="FModifyDate >= '2026-06-30 00:00:00'") == []


def test_the_vendors_doubtful_habits_are_rules_and_faults(erp: Crm) -> None:
    erp.control("rules", {"kingdee_encodes_twice": True})
    assert orjson.loads(asked(erp))[0][5] > 0
    erp.control("rules", {"kingdee_encodes_twice": False})
    erp.control("faults", [{"kind": "code:response_error", "request_index": 1}, {"kind": "empty", "request_index": 2}])
    body = {"data": {"FormId": "SAL_SaleOrder", "FieldKeys": "FID"}}
    assert erp.http.post(QUERY, json=body).text.startswith("response_error:")
    assert asked(erp) == []


def test_metadata_names_the_fields_and_the_keys_of_entries(erp: Crm) -> None:
    info = erp.http.post(
        SERVICE.format("DynamicFormService.QueryBusinessInfo"), json={"data": {"FormId": "AR_receivable"}}
    ).json()["Result"]
    assert info["ResponseStatus"]["IsSuccess"] is True
    (entry,) = info["NeedReturnData"]["Entrys"]
    assert (entry["Key"], entry["EntryPkFieldName"]) == ("FEntityDetail", "FEntryID")
    assert {"FALLAMOUNTFOR_D", "FCUSTOMERID"} <= {field["Key"] for field in entry["Fields"]}


def test_a_test_posts_changes_and_deletes_documents_of_its_own(erp: Crm) -> None:
    receipt = {"object": "AR_RECEIVEBILL", "id": "77|770"}
    fields = {"FBillNo": "SKD77", "FRECAMOUNT_E": 500.0}
    erp.control("patch", {**receipt, "op": "create", "fields": fields, "at_ms": ms("2026-06-30T15:00")})
    found = asked(erp, "AR_RECEIVEBILL", "FRECEIVEBILLENTRY_FEntryID,FRECAMOUNT_E,FMODIFYDATE", FilterString="FID = 77")
    assert found == [[770, 500.0, "2026-06-30T15:00:00.000"]]
    erp.control("patch", {**receipt, "op": "delete"})
    assert asked(erp, "AR_RECEIVEBILL", "FID", FilterString="FID = 77") == []


def test_every_request_is_in_the_journal_by_form_and_rows(erp: Crm) -> None:
    since = erp.control("requests")["last_seq"]
    asked(erp, "ENG_BOM", "FID")
    asked(erp, "SAL_Nothing")
    noted = [(row["object"], row["rows"]) for row in erp.control(f"requests?since_seq={since}")["entries"]]
    assert noted == [("ENG_BOM", 14), ("SAL_Nothing", 0)]
