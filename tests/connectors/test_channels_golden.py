"""Every request and answer that the vendors' contracts print for marketing leads, and what only many leads show: deep pages, lost ones."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.baidu import Baidu
from connectors.hubspot import HubSpot
from connectors.sources import Page
from connectors.streams import mapping_of
from connectors.tencent import Tencent
from tests.connectors.channels import lead, pointed, served
from tests.connectors.vendor import Asked, Vendor
from warehouse.steps import StepError
from warehouse.walks import Walk

MIDNIGHT = datetime(2026, 11, 21, 16, tzinfo=UTC)  # 2026-11-22 00:00 in Shanghai
BAIDU_LEAD = {
    "clueId": "9001", "commitTime": "2026-11-22 10:21:33", "userName": "demo_account", "cluePhoneNumber": "13800000000",
    "keyword": "数控机床", "searchWord": "数控机床价格", "campaignId": 11, "campaignName": "华东-品牌",
    "connect": 1, "flowChannelName": "搜索",
}  # fmt: skip
TENCENT_LEAD = {
    "leads_id": 7001, "click_id": "ck-demo", "adgroup_id": 22, "campaign_name": "华东-表单", "leads_type": "LEADS_TYPE_FORM",
    "leads_name": "王先生", "leads_telephone": "13800000000", "leads_action_time": "2026-11-22 10:21:33", "leads_potential_score": 0,
}  # fmt: skip
SUBMISSION = {
    "conversionId": "c1",
    "submittedAt": 1795314093000,
    "values": [{"name": "company", "value": "华东机电"}],
    "pageUrl": "https://x/y",
}
TOKENS = {
    "/baidu/oauth/refreshToken": {
        "code": 0,
        "message": "success",
        "data": {"accessToken": "at", "refreshToken": "r2", "expiresIn": 86400},
    },
    "/tencent/oauth/token": {
        "code": 0,
        "message": "",
        "data": {"access_token": "at", "access_token_expires_in": 86400},
    },
}


def baidu(rows: list[Any], total: int) -> dict[str, Any]:
    data = [{"totalNum": total, "noticeDetailList": rows}]
    return {"header": {"status": 0, "desc": "success", "failures": []}, "body": {"data": data}}


def tencent(rows: list[Any], total: int) -> dict[str, Any]:
    pages = {"page": 1, "page_size": 200, "total_number": total, "total_page": -(-total // 200)}
    return {"code": 0, "message": "", "message_cn": "", "data": {"list": rows, "page_info": pages}}


@pytest.fixture
def vendor(request: pytest.FixtureRequest) -> Iterator[Callable[[Callable[[Asked], Any]], Vendor]]:
    """vendor(answer): a server that also hands out tokens."""
    running: list[Vendor] = []

    def start(answer: Callable[[Asked], Any]) -> Vendor:
        running.append(Vendor(lambda asked: TOKENS.get(asked.path) or answer(asked)))
        return running[-1]

    yield start
    for each in running:
        each.close()


def read(source: Any, url: str, home: Path, days: int = 1, start: datetime = MIDNIGHT) -> list[Page]:
    stream = mapping_of(source.__name__.lower()).streams["leads"]
    end = start + timedelta(days=days)
    with closing(source(pointed(url, home))) as opened:
        return list(opened.pages(stream, Walk(stream.system, "leads", start.date(), start, end)))


def test_baidu_is_asked_as_printed_and_its_printed_answer_is_read(vendor: Any, tmp_path: Path) -> None:
    served_by = vendor(
        lambda asked: baidu([BAIDU_LEAD], 1) if asked.json["body"]["solutionType"] == "form" else baidu([], 0)
    )
    pages = read(Baidu, served_by.url, tmp_path)
    assert [row for page in pages for row in page.rows] == [{**BAIDU_LEAD, "solutionType": "form"}]
    asked = [each for each in served_by.asked if each.path.endswith("getNoticeList")]
    assert asked[0].json == {
        "header": {"userName": "sandbox_account", "accessToken": "at"},
        "body": {
            "solutionType": "form", "startDate": "2026-11-22 00:00:00", "endDate": "2026-11-22 23:59:59", "pageNo": 1, "pageSize": 1000,
        },
    }  # fmt: skip
    assert [each.json["body"]["solutionType"] for each in asked] == ["form", "consult", "phone", "wechat", "callback"]
    assert [page.is_last for page in pages] == [False, False, False, False, True]


def test_baidus_windows_span_at_most_thirty_days(vendor: Any, tmp_path: Path) -> None:
    served_by = vendor(lambda _: baidu([], 0))
    read(Baidu, served_by.url, tmp_path, days=61)
    windows = [(each.json["body"]["startDate"], each.json["body"]["endDate"]) for each in served_by.asked[1:4]]
    assert windows == [
        ("2026-11-22 00:00:00", "2026-12-21 23:59:59"),
        ("2026-12-22 00:00:00", "2027-01-20 23:59:59"),
        ("2027-01-21 00:00:00", "2027-01-21 23:59:59"),
    ]


def test_a_page_of_baidu_that_went_missing_is_an_error_and_not_fewer_leads(vendor: Any, tmp_path: Path) -> None:
    """The second page repeats the first: a thousand leads came twice, and those between them never."""
    rows = [{**BAIDU_LEAD, "clueId": str(n)} for n in range(1000)]
    served_by = vendor(lambda asked: baidu(rows, 2000))
    with pytest.raises(StepError, match="counts 2000 records and showed 1000"):
        read(Baidu, served_by.url, tmp_path)


def test_baidus_refresh_token_is_the_one_that_the_last_renewal_gave(vendor: Any, tmp_path: Path) -> None:
    served_by = vendor(lambda _: baidu([], 0))
    read(Baidu, served_by.url, tmp_path)
    next(tmp_path.glob("tokens/*.json")).unlink()
    read(Baidu, served_by.url, tmp_path)
    renewals = [each.json["refreshToken"] for each in served_by.asked if each.path.endswith("refreshToken")]
    assert renewals == ["sandbox-baidu-refresh", "r2"]


def test_tencent_is_asked_in_seconds_with_a_fresh_signature_and_its_printed_answer_is_read(
    vendor: Any, tmp_path: Path
) -> None:
    answers = iter([(503, b"busy"), tencent([TENCENT_LEAD], 1)])
    served_by = vendor(lambda _: next(answers))
    assert [row for page in read(Tencent, served_by.url, tmp_path) for row in page.rows] == [TENCENT_LEAD]
    first, second = (each.query for each in served_by.asked if each.path == "/tencent/v3.0/leads_list/get")
    assert first["time_range"] == '{"start_time":1795276800,"end_time":1795363200,"time_type":"TIME_TYPE_ACTION_TIME"}'
    assert (first["account_id"], first["page"], first["page_size"], first["access_token"]) == (
        "25610001",
        "1",
        "200",
        "at",
    )
    assert first["nonce"] != second["nonce"]
    assert all(
        re.fullmatch(r"[0-9a-f]{32}", query["nonce"]) and abs(time.time() - int(query["timestamp"])) < 60
        for query in (first, second)
    )


def test_tencents_leads_behind_five_thousand_are_found_by_the_last_one_seen(vendor: Any, tmp_path: Path) -> None:
    count = 5450
    newest = MIDNIGHT + timedelta(hours=20)
    held = [
        {
            **TENCENT_LEAD,
            "leads_id": count - n,
            "leads_action_time": f"{newest + timedelta(hours=8, seconds=-n):%Y-%m-%d %H:%M:%S}",
        }
        for n in range(count)
    ]

    def answer(asked: Asked) -> Any:
        if "last_search_after_values" not in asked.query:
            first = (int(asked.query["page"]) - 1) * 200
            return tencent(held[first : first + 200], count)
        place = next(
            n for n, each in enumerate(held) if f'"{each["leads_id"]}"' in asked.query["last_search_after_values"]
        )
        return tencent(held[place + 1 : place + 201], count)

    served_by = vendor(answer)
    pages = read(Tencent, served_by.url, tmp_path)
    assert sum(len(page.rows) for page in pages) == count
    behind = [
        each.query["last_search_after_values"] for each in served_by.asked if "last_search_after_values" in each.query
    ]
    sent = round((newest - timedelta(seconds=4999)).timestamp() * 1000)
    assert behind[0] == f'["{sent}","451"]'
    assert len(behind) == 3


def test_hubspot_is_asked_newest_first_until_a_submission_is_older_than_the_window(vendor: Any, tmp_path: Path) -> None:
    older = {**SUBMISSION, "conversionId": "c0", "submittedAt": 1795276799999}
    answers = {"": [{**SUBMISSION, "conversionId": "c2"}, SUBMISSION], "p2": [older]}

    def answer(asked: Asked) -> Any:
        after = asked.query.get("after", "")
        return {"results": answers[after], "paging": {"next": {"after": "p2" if after == "" else "p3"}}}

    served_by = vendor(answer)
    pages = read(HubSpot, served_by.url, tmp_path)
    assert [row["conversionId"] for page in pages for row in page.rows] == ["c2", "c1"]
    assert pages[0].rows[1] == {
        "formId": served_by.asked[0].path.rpartition("/")[2],
        "conversionId": "c1",
        "submittedAt": 1795314093000,
        "company": "华东机电",
        "pageUrl": "https://x/y",
    }
    assert [each.query for each in served_by.asked] == [{"limit": "50"}, {"limit": "50", "after": "p2"}]
    assert served_by.asked[0].headers["authorization"] == "Bearer sandbox-hubspot-token"
    assert served_by.asked[0].path.startswith("/hubspot/form-integrations/v1/submissions/forms/")


@pytest.mark.parametrize(
    ("source", "answer", "said"),
    [
        (Baidu, {"header": {"status": 2, "desc": "failure", "failures": [{"code": 8501}]}}, "quota is spent"),
        (Baidu, {"header": {"status": 2, "desc": "failure", "failures": [{"code": 901111}]}}, "901111"),
        (Baidu, {"header": {"status": 0}, "body": {"data": []}}, "not the same as no leads"),
        (Tencent, {"code": 11018, "message": "", "data": {}}, "day's requests are spent"),
        (Tencent, {"code": 11014, "message": "", "data": {}}, "give the app the right"),
        (Tencent, {"code": 0, "message": "", "data": {}}, "not the same as no leads"),
        (HubSpot, (403, {"status": "error", "category": "MISSING_SCOPES"}), "the scope forms"),
        (HubSpot, (429, {"status": "error", "category": "RATE_LIMITS", "policyName": "DAILY"}), "day's quota is spent"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_a_person_does_and_is_asked_once(
    source: Any, answer: Any, said: str, vendor: Any, tmp_path: Path
) -> None:
    served_by = vendor(lambda _: answer)
    with pytest.raises(StepError, match=said):
        read(source, served_by.url, tmp_path)
    assert len([each for each in served_by.asked if each.path not in TOKENS]) == 1


def test_the_sandbox_answers_the_printed_requests_in_the_printed_form(tmp_path: Path) -> None:
    at = datetime(2026, 6, 22, 3, tzinfo=UTC)
    patches = [lead(n, source, at) for n, source in enumerate(["website", "wechat"] + ["baidu"] * 9)]
    with served(tmp_path, patches) as running, httpx.Client(base_url=running.url) as http:
        renewed = {
            "appId": "sandbox-app",
            "secretKey": "sandbox-baidu-secret",
            "refreshToken": "sandbox-baidu-refresh",
            "userId": "1",
        }
        token = http.post("/baidu/oauth/refreshToken", json=renewed).json()["data"]["accessToken"]
        body = {
            "solutionType": "form",
            "startDate": "2026-06-22 00:00:00",
            "endDate": "2026-06-22 23:59:59",
            "pageNo": 1,
            "pageSize": 1000,
        }
        path = "/baidu/json/sms/service/LeadsNoticeService/getNoticeList"
        found = http.post(
            path, json={"header": {"userName": "sandbox_account", "accessToken": token}, "body": body}
        ).json()
        assert found["header"] == {"status": 0, "desc": "success", "failures": []}
        assert found["body"]["data"][0]["noticeDetailList"][0].keys() == BAIDU_LEAD.keys()
        query = {
            "client_id": "1111000001",
            "client_secret": "sandbox-tencent-secret",
            "refresh_token": "sandbox-tencent-refresh",
        }
        token = http.get("/tencent/oauth/token", params=query).json()["data"]["access_token"]
        asked = {
            "access_token": token,
            "timestamp": str(int(time.time())),
            "nonce": "n1",
            "account_id": "25610001",
            "page_size": "200",
        }
        asked |= {
            "time_range": '{"start_time":1782057600,"end_time":1782144000,"time_type":"TIME_TYPE_ACTION_TIME"}',
            "page": "1",
        }
        listed = http.get("/tencent/v3.0/leads_list/get", params=asked).json()
        assert listed["data"]["page_info"] == {"page": 1, "page_size": 200, "total_number": 1, "total_page": 1}
        assert listed["data"]["list"][0].keys() == TENCENT_LEAD.keys()
        forms = "/hubspot/form-integrations/v1/submissions/forms/3f6a2c1e-8d40-4b7a-9c55-0e1f2a3b4c5d"
        sent = http.get(
            forms, params={"limit": "50", "after": ""}, headers={"authorization": "Bearer sandbox-hubspot-token"}
        ).json()
        assert sent["results"][0].keys() == SUBMISSION.keys()
