"""DingTalk over real HTTP: what no server filters is compared here; both gateways, their limits and their tokens.

The tests of this module follow each other on one company.
"""

import logging
from datetime import timedelta

import pytest

from config.settings import settings
from connectors.calls import RefusedError
from connectors.dingtalk import DingTalk
from connectors.extract import extract, walks_owed
from connectors.pacing import Patience
from connectors.streams import Stream, mapping_of
from connectors.walk import Tally, walk_stream
from tests.connectors.chatting import CUSTOMERS, DAY, Served, accept, query
from warehouse.clock import cutoff
from warehouse.steps import StepError
from warehouse.walks import loading

STREAMS = list(mapping_of("dingtalk").streams)
NOTES = "select record_id from landing.dingtalk__follow_ups order by 1"


def stream(name: str) -> Stream:
    return mapping_of("dingtalk").streams[name]


def rows(name: str) -> int:
    return int(query(f"select count(*) from landing.dingtalk__{name}")[0][0])


def walk(name: str, slept: list[float]) -> Tally:
    """One walk for the company's day with a client that does not really sleep."""
    source, tally = DingTalk(patience=Patience(5, pause=slept.append)), Tally()
    with loading("dingtalk") as connection:
        walk_stream(connection, source, stream(name), walks_owed(connection, stream(name), DAY)[-1], tally)
    source.close()
    return tally


def test_every_customer_follow_up_and_log_is_read_and_a_second_reading_lands_nothing(chatting: Served) -> None:
    extract(DAY, "dingtalk")
    landed = {name: rows(name) for name in STREAMS}
    assert landed["customers"] == CUSTOMERS
    noted = {row["rows"] for row in chatting.requests("targetFollowRecords")}
    assert noted == {0, 1}
    assert landed["follow_ups"] == sum(row["rows"] for row in chatting.requests("targetFollowRecords")) > 3
    logs = [row["rows"] for row in chatting.requests("report/list")]
    assert (max(logs), sum(logs)) == (20, landed["logs"])
    extract(DAY, "dingtalk")
    assert {name: rows(name) for name in STREAMS} == landed
    assert query("select count(*) from ops.quarantine") == [(0,)]


def test_texts_are_not_landed_and_phones_are_tokens(chatting: Served) -> None:
    fields = query("select distinct jsonb_object_keys(record) from landing.dingtalk__follow_ups order by 1")
    assert [name for (name,) in fields] == [
        "creatorUserId", "followTargetDataId", "gmtCreateMilliseconds", "gmtModifiedMilliseconds", "recordInstId",
    ]  # fmt: skip
    assert query("select count(*) from landing.dingtalk__logs where record ? 'contents'") == [(0,)]
    masks = "select distinct record->'customer_phone'->>'mask' like '138****%%' from landing.dingtalk__customers"
    assert query(masks) == [(True,)]


def test_a_customer_changed_at_midnight_belongs_to_the_day_that_begins(chatting: Served) -> None:
    accept("dingtalk", STREAMS, DAY)
    born = "select changed_at, known_at from landing.dingtalk__customers where record_id = 'ins-D900'"
    assert query(born) == []
    assert query("select held_back from ops.loads where stream = 'customers' and as_of = %s", DAY) == [
        (1,),
        (1,),
    ]  # read twice
    chatting.ask("advance", {"days": 1})
    seq = chatting.last_request()
    extract(DAY + timedelta(days=1), "dingtalk")
    assert query(born) == [(cutoff(DAY), cutoff(DAY + timedelta(days=1)))]
    asked = len(chatting.requests("targetFollowRecords", seq))
    assert 0 < asked < CUSTOMERS  # only customers that changed lately
    accept("dingtalk", STREAMS, DAY + timedelta(days=1))


def test_a_follow_up_that_does_not_touch_its_customer_is_found_on_sunday(chatting: Served) -> None:
    chatting.ask("rules", {"dingtalk_follow_ups_touch": False})
    chatting.ask("advance", {"days": 4})  # to Sunday 5 July
    before = query(NOTES)
    call = {
        "active_record_type": "1",
        "owner": ["1003"],
        "related_object_data": [{"id": "D040"}],
        "life_status": "normal",
    }
    made = [
        {"object": "ActiveRecordObj", "id": f"x{n}", "op": "create", "fields": call, "at_ms": 1783040400000}
        for n in range(6)
    ]
    chatting.ask("patch", made)  # on Friday 3 July at 9:00
    extract(DAY + timedelta(days=4), "dingtalk", "follow_ups")
    assert query(NOTES) == before
    accept("dingtalk", ["follow_ups"], DAY + timedelta(days=4))
    extract(DAY + timedelta(days=5), "dingtalk", "follow_ups")
    assert {row[0][:5] for row in query(NOTES)} - {row[0][:5] for row in before} == {"rec-x"}
    accept("dingtalk", ["follow_ups"], DAY + timedelta(days=5))


def test_a_deleted_customer_is_missed_on_sunday_and_buried_the_night_after(chatting: Served) -> None:
    chatting.ask("patch", [{"object": "AccountObj", "id": "D060", "op": "delete"}])
    extract(DAY + timedelta(days=5), "dingtalk", "customers")
    gone = "select record_id from landing.dingtalk__customers where record = '{\"is_deleted\": true}'"
    assert query(gone) == []
    accept("dingtalk", ["customers", "logs"], DAY + timedelta(days=5))
    chatting.ask("advance", {"days": 1})
    extract(DAY + timedelta(days=6), "dingtalk", "customers")
    assert query(gone) == [("ins-D060",)]


def test_a_customer_that_is_a_person_lands_as_a_token(chatting: Served) -> None:
    renamed = {"object": "AccountObj", "id": "D064", "op": "update", "fields": {"name": "王小明"}}
    chatting.ask("patch", [renamed | {"at_ms": 1783310400000}])  # on 6 July at 12:00
    extract(DAY + timedelta(days=6), "dingtalk", "customers")
    persons = (
        "select record_id, record -> 'customer_name' ->> 'mask', record -> 'customer_name' ? 'token'"
        " from landing.dingtalk__customers where jsonb_typeof(record -> 'customer_name') = 'object'"
    )
    assert query(persons) == [("ins-D064", "王**", True)]
    assert query("select kind from vault.persons where original = '王小明'") == [("name",)]


@pytest.mark.parametrize(("name", "fault", "waited"), [
    ("customers", {"kind": "code:Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "endpoint": "customerInstances"}, 1),
    ("customers", {"kind": "html_200", "endpoint": "customerInstances"}, 300.0),
    ("logs", {"kind": "90018", "endpoint": "report/list"}, 1),
    ("logs", {"kind": "truncated", "endpoint": "report/list"}, 300.0),
])  # fmt: skip
def test_a_limit_and_a_block_are_waited_out(
    chatting: Served, name: str, fault: dict[str, object], waited: float
) -> None:
    slept: list[float] = []
    chatting.ask("faults", [fault | {"request_index": 2}])
    tally = walk(name, slept)
    chatting.ask("faults", [])
    assert tally.received > 0
    assert len(slept) == 1
    assert waited == 1 or slept == [waited]


@pytest.mark.parametrize(("name", "endpoint"), [("customers", "customerInstances"), ("logs", "report/list")])
def test_an_ended_token_costs_one_refresh_at_either_gateway(chatting: Served, name: str, endpoint: str) -> None:
    seq, clean = chatting.last_request(), walk(name, [])
    chatting.ask("faults", [{"kind": "token_expired", "endpoint": endpoint, "request_index": 2}])
    assert walk(name, []).received == clean.received
    chatting.ask("faults", [])
    assert len(chatting.requests("accessToken", seq)) == 1


@pytest.mark.parametrize(("code", "told"), [("90020", "the month's calls are spent"), ("40035", "correct `templates`")])
def test_what_waiting_does_not_mend_is_told_with_the_next_action(chatting: Served, code: str, told: str) -> None:
    slept: list[float] = []
    chatting.ask("faults", [{"kind": code, "endpoint": "report/list"}])
    with pytest.raises(StepError, match=told):
        walk("logs", slept)
    chatting.ask("faults", [])
    assert slept == []


def test_an_older_gateway_that_wants_a_token_of_its_own_is_signed_in_to_where_the_settings_say_so(
    chatting: Served,
) -> None:
    chatting.ask("rules", {"dingtalk_shares_tokens": False})
    told: list[object] = []
    for is_own in (False, True):
        opened = DingTalk(settings().model_copy(update={"dingtalk_legacy_token": is_own}), Patience(1))
        try:
            told.append(opened.faults(stream("logs")))
        except RefusedError as error:
            told.append(error.code)
        opened.close()
    chatting.ask("rules", {"dingtalk_shares_tokens": True})
    assert told == ["40014", []]


def test_an_empty_list_of_customers_is_noticed(chatting: Served) -> None:
    chatting.ask("advance", {"days": 6})  # to Sunday 12 July
    accept("dingtalk", STREAMS, DAY + timedelta(days=11))
    chatting.ask("faults", [{"kind": "empty", "endpoint": "customerInstances"}])
    with pytest.raises(StepError, match="a permission or a filter changed"):
        extract(DAY + timedelta(days=12), "dingtalk", "customers")
    chatting.ask("faults", [])


def test_nothing_secret_or_personal_is_logged(
    chatting: Served, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (settings().home / "tokens").glob("dingtalk-*.json"):
        path.unlink()
    chatting.ask("clock", {"seconds": 60})  # the sandbox counts requests by its own clock, which stands
    with caplog.at_level(logging.DEBUG):
        extract(DAY + timedelta(days=12), "dingtalk")
    told = "".join(capsys.readouterr()) + "".join(
        each.getMessage()
        for each in caplog.records
        if not each.name.startswith("uvicorn")  # the sandbox's own server
    )
    originals = [value for (value,) in query("select original from vault.persons where kind = 'phone'")]
    assert len(originals) > CUSTOMERS / 2
    assert [value for value in [*originals, "sandbox-secret", "DT_"] if value in told] == []
