"""Quotas on the sandbox's clock, permissions, and the faults that tests plant."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.sandbox.served import Crm

GET = "/cgi/crm/v2/data/get"
O1 = {"data": {"dataObjectApiName": "NewOpportunityObj", "objectDataId": "o1"}}


def code(crm: Crm, path: str = GET) -> int:
    """The errorCode of reading one deal."""
    return int(crm.post(path, O1).json()["errorCode"])


def test_a_hundred_calls_of_an_endpoint_pass_in_20_sandbox_seconds(crm: Crm) -> None:
    assert [code(crm) for _ in range(101)] == [0] * 100 + [30004]
    assert crm.query([])["errorCode"] == 0  # another endpoint has its own count
    crm.control("clock", {"seconds": 19.9})
    assert code(crm) == 30004
    crm.control("clock", {"seconds": 0.1})
    assert code(crm) == 0


def test_the_quota_of_a_day_is_spent_until_the_next(crm: Crm) -> None:
    crm.control("rules", {"daily_quota": 2})
    assert [code(crm) for _ in range(3)] == [0, 0, 30002]
    crm.control("advance", {"days": 1})
    assert code(crm) == 0


def test_an_object_that_is_not_granted_is_refused_and_others_are_not(crm: Crm) -> None:
    crm.control("rules", {"denied_objects": ["NewOpportunityObj"]})
    assert (code(crm), crm.query([], "PersonnelObj")["errorCode"]) == (20014, 0)


def test_every_request_is_noted_with_its_second_object_code_and_rows(crm: Crm) -> None:
    since = crm.control("requests")["last_seq"]
    crm.query([])
    crm.control("clock", {"seconds": 7})
    crm.post(GET, {"data": {"dataObjectApiName": "LeadsObj", "objectDataId": "none"}})
    noted = crm.control(f"requests?since_seq={since}")["entries"]
    assert [(row["at_s"], row["path"], row["object"], row["error_code"], row["rows"]) for row in noted] == [
        (0.0, "/cgi/crm/v2/data/query", "NewOpportunityObj", 0, 3), (7.0, GET, "LeadsObj", 32000, 0)]  # fmt: skip


def test_a_fault_strikes_the_request_it_names(crm: Crm) -> None:
    crm.control("faults", [{"object": "NewOpportunityObj", "endpoint": "get", "request_index": 2, "kind": "30004"}])
    assert [code(crm) for _ in range(3)] == [0, 30004, 0]


def test_a_fault_strikes_every_third_request(crm: Crm) -> None:
    crm.control("faults", [{"every": 3, "kind": "-1"}])
    assert [code(crm) for _ in range(6)] == [0, 0, -1, 0, 0, -1]


def test_an_expired_token_is_refused_until_a_new_one_is_fetched(crm: Crm) -> None:
    crm.control("faults", [{"kind": "token_expired", "request_index": 1}])
    assert [code(crm), code(crm)] == [20016, 20016]


def test_broken_answers_are_broken_as_named(crm: Crm) -> None:
    crm.control(
        "faults",
        [
            {"kind": kind, "request_index": number}
            for number, kind in enumerate(("http_500", "html_200", "truncated"), 1)
        ],
    )
    server_error, page, cut = (crm.post(GET, O1) for _ in range(3))
    assert server_error.status_code == 500
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert cut.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        cut.json()


def test_an_empty_answer_says_that_all_is_well(crm: Crm) -> None:
    crm.control("faults", [{"kind": "empty"}])
    answer = crm.query([])
    assert (answer["errorCode"], answer["data"]["dataList"]) == (0, [])


def test_a_lost_reply_was_applied(crm: Crm) -> None:
    crm.control("faults", [{"kind": "reply_lost", "endpoint": "update"}])
    with pytest.raises(httpx.TransportError):
        crm.update("o4", lf_band__c="A")
    assert crm.control("record/NewOpportunityObj/o4")["body"]["lf_band__c"] == "A"


def test_a_timeout_was_not_applied(crm: Crm) -> None:
    crm.control("faults", [{"kind": "timeout", "endpoint": "update"}])
    crm.http.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        crm.update("o4", lf_band__c="A")
    crm.http.timeout = httpx.Timeout(10)
    assert crm.control("record/NewOpportunityObj/o4")["version"] == 1


def test_a_round_trip_delays_each_answer_and_keeps_no_other_waiting(crm: Crm) -> None:
    crm.control("rules", {"round_trip_s": 0.5})
    began = time.monotonic()
    with ThreadPoolExecutor(8) as people:
        assert list(people.map(lambda _: code(crm), range(8))) == [0] * 8
    assert 0.5 <= time.monotonic() - began < 8 * 0.5


@pytest.mark.parametrize("given", [{"kind": "explode"}, {"kind": "empty", "when": "later"}])
def test_an_unknown_fault_is_refused(crm: Crm, given: dict[str, str]) -> None:
    assert crm.http.post("/sandbox/faults", json=[given]).status_code == 400
