"""What is printed about Salesforce's API: the connector sends every request and accepts every answer, the sandbox speaks the same way."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from connectors.calls import RefusedError
from connectors.pacing import Patience
from connectors.reading import read_page
from connectors.salesforce import Salesforce
from connectors.streams import mapping_of
from sandbox.company import Patch
from sandbox.salesforce_sign_in import CLIENT_ID, CLIENT_SECRET
from tests.connectors.channels import served
from tests.connectors.chatting import at
from tests.connectors.salesforce_org import pointed
from tests.connectors.vendor import Asked, Vendor
from warehouse.clock import cutoff
from warehouse.steps import StepError
from warehouse.walks import Walk

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
WALK = Walk("salesforce", "opportunities", date(2026, 11, 22), MIDNIGHT, cutoff(date(2026, 11, 22)))
DATA = "/services/data/v60.0"
TOKEN = {
    "access_token": "00D!at",
    "instance_url": "https://x.my.salesforce.com",
    "id": "https://login.salesforce.com/id/00D/005000000000001AAA",
    "token_type": "Bearer",
}
SENT: dict[str, Any] = {
    "allOrNone": False,
    "records": [{"attributes": {"type": "Lead"}, "id": "00Q000000000001AAA", "Lead_Score__c": 87.5}],
}
RESULTS: list[Any] = [
    {"id": "00Q000000000001AAA", "success": True, "errors": []},
    {"success": False, "errors": [{"statusCode": "ENTITY_IS_DELETED", "message": "entity is deleted", "fields": []}]},
]
EXPIRED = (401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
SPENT = (403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}])
BUSY = (503, [{"message": "Server too busy", "errorCode": "SERVER_UNAVAILABLE"}])


def deal(number: int, **more: Any) -> dict[str, Any]:
    return {
        "attributes": {"type": "Opportunity"}, "Id": f"006{number:012d}AAA", "SystemModstamp": "2026-11-22T02:00:00.000+0000",
        "IsDeleted": False, **more,
    }  # fmt: skip


def page(rows: list[Any], total: int, following: str = "") -> dict[str, Any]:
    more = {"nextRecordsUrl": f"{DATA}/query/{following}"} if following else {}
    return {"totalSize": total, "done": not following, "records": rows} | more


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[Callable[[Asked], Any]], tuple[Salesforce, Vendor]]]:
    """opened(answer): a client of an org that answers so beside its sign-in."""
    started: list[Any] = []

    def start(answer: Callable[[Asked], Any]) -> tuple[Salesforce, Vendor]:
        vendor = Vendor(lambda asked: TOKEN if asked.path.endswith("/token") else answer(asked))
        started.extend([Salesforce(pointed(vendor.url, tmp_path), Patience(3, pause=lambda _: None)), vendor])
        return started[-2], vendor

    yield start
    for each in started:
        each.close()


def test_signing_in_and_asking_for_the_printed_pages(opened) -> None:  # type: ignore[no-untyped-def]
    """3,500 records in two pages: the second is where the first says, whatever the page's size."""
    rows = [deal(number) for number in range(3500)]
    answers = iter([page(rows[:2000], 3500, "01g000000000001AAA-2000"), page(rows[2000:], 3500)])
    client, vendor = opened(lambda _: next(answers))
    pages = list(client.pages(mapping_of("salesforce").streams["opportunities"], WALK))
    assert [(len(each.rows), each.is_last) for each in pages] == [(2000, False), (1500, True)]
    assert pages[0].cursor == "2026-11-22T02:00:00.000Z|006000000001999AAA"
    signing, first, second = vendor.asked
    assert parse_qs(signing.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": [CLIENT_ID],
        "client_secret": [CLIENT_SECRET],
    }
    assert (signing.method, signing.path) == ("POST", "/services/oauth2/token")
    assert (first.method, first.path, second.path) == (
        "GET",
        f"{DATA}/queryAll",
        f"{DATA}/query/01g000000000001AAA-2000",
    )
    assert first.headers["authorization"] == "Bearer 00D!at"
    assert first.query["q"].endswith(
        " FROM Opportunity WHERE SystemModstamp >= 2026-11-22T00:00:00.000Z AND SystemModstamp < 2026-11-22T16:00:00.000Z"
        " ORDER BY SystemModstamp, Id"
    )


def test_a_walk_goes_on_behind_a_record_by_time_and_id(opened) -> None:  # type: ignore[no-untyped-def]
    client, vendor = opened(lambda _: page([], 0))
    began = Walk(
        "salesforce",
        "opportunities",
        WALK.as_of,
        MIDNIGHT,
        WALK.window_to,
        last_id="2026-11-22T02:00:00.000Z|006000000001999AAA",
    )
    list(client.pages(mapping_of("salesforce").streams["opportunities"], began))
    assert (
        "(SystemModstamp > 2026-11-22T02:00:00.000Z OR (SystemModstamp = 2026-11-22T02:00:00.000Z AND Id > '006000000001999AAA'))"
        in vendor.asked[-1].query["q"]
    )


def test_money_of_any_length_and_currency_lands_digit_by_digit(opened) -> None:  # type: ignore[no-untyped-def]
    """A double would make 9007199254740993.25 end in 992 or 994."""
    body = b'{"totalSize":2,"done":true,"records":[%s]}' % b",".join(
        b'{"Id":"006%015d","SystemModstamp":"2026-11-22T02:00:00.000+0000","IsDeleted":false,"Amount":%s,"CurrencyIsoCode":"JPY"}'
        % (n, amount)
        for n, amount in enumerate([b"9007199254740993.25", b"1.5E+3"])
    )
    client, _ = opened(lambda _: (200, body))
    stream = mapping_of("salesforce").streams["opportunities"]
    records = [record for each in client.pages(stream, WALK) for record in read_page(stream, WALK, each.rows)[0]]
    assert [(record.record["Amount"], record.record["CurrencyIsoCode"]) for record in records] == [
        ("9007199254740993.25", "JPY"),
        ("1500", "JPY"),
    ]
    assert records[0].changed_at == datetime(2026, 11, 22, 2, tzinfo=UTC)


def test_the_printed_update_and_its_results_in_the_order_of_the_request(opened) -> None:  # type: ignore[no-untyped-def]
    client, vendor = opened(lambda _: RESULTS)
    assert client.update("Lead", [{"id": "00Q000000000001AAA", "Lead_Score__c": 87.5}]) == RESULTS
    asked = vendor.asked[-1]
    assert (asked.method, asked.path, asked.json) == ("PATCH", f"{DATA}/composite/sobjects", SENT)


def test_a_refused_session_costs_one_more_sign_in_and_no_refresh_token(opened) -> None:  # type: ignore[no-untyped-def]
    answers = iter([EXPIRED, page([deal(1)], 1)])
    client, vendor = opened(lambda _: next(answers))
    assert len(list(client.pages(mapping_of("salesforce").streams["opportunities"], WALK))) == 1
    assert [asked.path.rpartition("/")[2] for asked in vendor.asked] == ["token", "queryAll", "token", "queryAll"]


@pytest.mark.parametrize(
    ("answer", "reaction", "requests"),
    [(SPENT, "stop", 1), (BUSY, "back_off", 3), (EXPIRED, "refresh", 2)],
)
def test_the_printed_errors_stop_back_off_or_sign_in_again(opened, answer: Any, reaction: str, requests: int) -> None:  # type: ignore[no-untyped-def]
    client, vendor = opened(lambda _: answer)
    with pytest.raises(RefusedError) as refused:
        list(client.pages(mapping_of("salesforce").streams["opportunities"], WALK))
    assert refused.value.reaction == reaction
    assert len([asked for asked in vendor.asked if asked.path.endswith("queryAll")]) == requests


@pytest.mark.parametrize(
    "following",
    ["https://169.254.169.254/x", "//169.254.169.254/x", "file:///etc/passwd", "\\\\evil\\x", "@evil.example/x"],
)
def test_a_next_page_on_another_host_is_not_followed(opened, following: str) -> None:  # type: ignore[no-untyped-def]
    client, vendor = opened(lambda _: page([deal(1)], 2) | {"done": False, "nextRecordsUrl": following})
    with pytest.raises(StepError, match="points at another address"):
        list(client.pages(mapping_of("salesforce").streams["opportunities"], WALK))
    assert len(vendor.asked) == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"records": []},
        {"records": [], "totalSize": 2, "done": False},
        {"records": None, "totalSize": 0, "done": True},
        {},
    ],
)
def test_an_answer_that_does_not_count_its_records_is_not_no_records(opened, broken: Any) -> None:  # type: ignore[no-untyped-def]
    client, vendor = opened(lambda _: broken)
    with pytest.raises(StepError, match="JSON without its usual envelope after 3 attempts"):
        list(client.pages(mapping_of("salesforce").streams["opportunities"], WALK))
    assert len(vendor.asked) == 4


def test_wrong_credentials_say_what_to_correct(tmp_path: Path) -> None:
    vendor = Vendor(lambda _: (400, {"error": "invalid_client", "error_description": "invalid client credentials"}))
    client = Salesforce(pointed(vendor.url, tmp_path))
    with closing(vendor), closing(client), pytest.raises(RefusedError, match="correct LANDFALL_SALESFORCE_CLIENT_ID"):
        client.calls.sign_in()


def test_the_sandbox_answers_the_printed_requests_in_the_printed_form(tmp_path: Path) -> None:
    lead = Patch(
        at("2026-06-29T10:00"),
        "LeadsObj",
        "00Q000000000001AAA",
        "create",
        {"name": "王", "life_status": "normal"},
        "1001",
    )
    gone = Patch(
        at("2026-06-29T10:00"),
        "LeadsObj",
        "00Q000000000002AAA",
        "create",
        {"name": "李", "life_status": "invalid"},
        "1001",
    )
    with served(tmp_path, [lead, gone]) as running, httpx.Client(base_url=running.url) as http:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        token = http.post("/services/oauth2/token", data=form).json()
        assert token.keys() >= TOKEN.keys()
        headers = {"authorization": f"Bearer {token['access_token']}"}
        asked = "SELECT Id, SystemModstamp FROM Lead WHERE SystemModstamp >= 2026-06-22T00:00:00Z ORDER BY SystemModstamp, Id"
        found = http.get(f"{DATA}/query", params={"q": asked}, headers=headers).json()
        assert (found["totalSize"], found["done"], found["records"][0]["Id"]) == (1, True, "00Q000000000001AAA")
        assert http.get(f"{DATA}/queryAll", params={"q": asked}, headers=headers).json()["totalSize"] == 2
        running.world.rules.salesforce_page_rows = 1
        first = http.get(f"{DATA}/queryAll", params={"q": asked}, headers=headers).json()
        assert (first["done"], first["totalSize"]) == (False, 2)
        assert http.get(first["nextRecordsUrl"], headers=headers).json()["done"] is True
        keys = ("00Q000000000001AAA", "00Q000000000002AAA")
        rows = [{"attributes": {"type": "Lead"}, "id": key, "LF_P_Convert_90d__c": 87.5} for key in keys]
        sent = {"allOrNone": False, "records": rows}
        answered = http.patch(f"{DATA}/composite/sobjects", json=sent, headers=headers)
        assert (answered.status_code, answered.json()) == (200, RESULTS)
        refused = http.get(f"{DATA}/query", params={"q": asked}, headers={"authorization": "Bearer old"})
        assert (refused.status_code, refused.json()) == EXPIRED
        running.world.rules.daily_quota = 1
        spent = http.get(f"{DATA}/query", params={"q": asked}, headers=headers)
        assert (spent.status_code, spent.json()) == SPENT
