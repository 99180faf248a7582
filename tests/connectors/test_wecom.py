"""WeCom over real HTTP: contacts read whole, figures of days read again, nothing lost, nothing personal in sight.

The tests of this module follow each other on one company.
"""

import json
import logging
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.settings import settings
from connectors.extract import extract, walks_owed
from connectors.field_history import tell
from connectors.pacing import Patience
from connectors.streams import Stream, mapping_of
from connectors.walk import Tally, walk_stream
from connectors.wecom import WeCom
from tests.connectors.chatting import CUSTOMERS, DAY, Served, accept, query
from warehouse.steps import StepError
from warehouse.walks import loading

STREAMS = list(mapping_of("wecom").streams)
MIDNIGHT = 1782748800  # 2026-06-30 00:00 in Beijing


def stream(name: str) -> Stream:
    return mapping_of("wecom").streams[name]


def rows(name: str) -> int:
    return int(query(f"select count(*) from landing.wecom__{name}")[0][0])


def walk(name: str, as_of: date, slept: list[float]) -> Tally:
    """One walk with a client that does not really sleep."""
    source, tally = WeCom(patience=Patience(5, pause=slept.append)), Tally()
    with loading("wecom") as connection:
        walk_stream(connection, source, stream(name), walks_owed(connection, stream(name), as_of)[-1], tally)
    source.close()
    return tally


def test_every_contact_is_read_and_a_second_reading_lands_nothing(
    chatting: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    extract(DAY, "wecom")
    capsys.readouterr()
    tell("wecom")
    assert f"  createtime: watched since {DAY}" in capsys.readouterr().out.splitlines()
    shown = [row["rows"] for row in chatting.requests("get_by_user")]
    assert len(shown) >= 4
    assert max(shown) == 100
    landed = {name: rows(name) for name in STREAMS}
    assert landed["contacts"] == landed["follow_relations"] == sum(shown) // 2 > CUSTOMERS
    assert landed["member_days"] == landed["group_days"] == 2 * 180  # as far back as WeCom remembers
    extract(DAY, "wecom")
    assert {name: rows(name) for name in STREAMS} == landed
    assert query("select count(*) from ops.loads where received <> landed + unchanged + quarantined") == [(0,)]


def test_figures_are_asked_for_one_member_and_at_most_thirty_days_a_call(chatting: Served) -> None:
    found = chatting.requests("get_user_behavior_data")
    assert {row["rows"] for row in found} == {30}
    assert len(found) == 2 * (2 * 6)  # two readings, two members, six spans


def test_zeros_of_the_day_that_ended_last_are_provisional_and_corrected_the_night_after(chatting: Served) -> None:
    figures = (
        "select record->>'chat_cnt', record->>'is_provisional' from landing.wecom__member_days where record_id = %s"
        " order by known_at"
    )
    assert query(figures, f"wc1001|{MIDNIGHT}") == [("0", "true")]
    assert query(figures, f"wc1001|{MIDNIGHT - 86400}")[0][1] == "false"
    accept("wecom", STREAMS, DAY)
    chatting.ask("advance", {"days": 1})
    seq = chatting.last_request()
    extract(DAY + timedelta(days=1), "wecom")
    assert [row["rows"] for row in chatting.requests("get_user_behavior_data", seq)] == [
        4,
        4,
    ]  # the day and three before it
    assert query(figures, f"wc1001|{MIDNIGHT}") == [("0", "true"), ("8", "false")]
    assert query("select record ? 'reply_percentage' from landing.wecom__member_days where record->>'chat_cnt' = '0'")[
        0
    ] == (False,)
    assert query("select sum(unchanged) > 300, sum(echoed) from ops.loads") == [
        (True, 0)
    ]  # read whole again is no echo of ours
    accept("wecom", STREAMS, DAY + timedelta(days=1))


def test_missed_days_are_read_in_one_walk(chatting: Served) -> None:
    chatting.ask("advance", {"days": 6})
    as_of = DAY + timedelta(days=7)
    extract(as_of, "wecom", "group_days")
    day = "select count(distinct record->>'stat_time') from landing.wecom__group_days where known_at > %s"
    assert query(day, "2026-07-02") == [(6 + 1,)]  # six missed days, and the last one before them, now final
    assert query("select count(*) from ops.quarantine") == [(0,)]


def test_a_walk_that_was_broken_off_goes_on_behind_its_last_day(chatting: Served) -> None:
    seq = chatting.last_request()
    chatting.ask("faults", [{"kind": "60020", "endpoint": "externalcontact/groupchat/statistic", "request_index": 5}])
    with pytest.raises(StepError, match="trusted addresses"):
        walk("group_days", DAY + timedelta(days=7), [])
    chatting.ask("faults", [])
    walk("group_days", DAY + timedelta(days=7), [])
    assert len(chatting.requests("statistic", seq)) == 5 + 5  # nine days were owed; the fifth was asked for twice


@pytest.mark.parametrize(
    ("kind", "waited", "tokens"),
    [("45009", [60.0], 0), ("token_expired", [], 1), ("42001", [], 1), ("http_429", [7.0], 0)],
)
def test_a_limit_is_waited_out_and_an_ended_token_costs_one_refresh(
    chatting: Served, kind: str, waited: list[float], tokens: int
) -> None:
    seq, slept = chatting.last_request(), list[float]()
    chatting.ask(
        "faults", [{"kind": kind, "endpoint": "externalcontact/batch/get_by_user", "request_index": 2, "seconds": 7}]
    )
    tally = walk("contacts", DAY + timedelta(days=7), slept)
    chatting.ask("faults", [])
    assert (tally.received, slept) == (rows("follow_relations"), waited)
    assert len(chatting.requests("gettoken", seq)) == tokens


def test_a_token_that_is_refused_again_and_again_stops_after_one_refresh(chatting: Served) -> None:
    seq = chatting.last_request()
    chatting.ask("faults", [{"kind": "40014", "endpoint": "externalcontact/get_follow_user_list"}])
    with pytest.raises(StepError, match="check the app's state in the WeCom console"):
        walk("contacts", DAY + timedelta(days=7), [])
    chatting.ask("faults", [])
    assert len(chatting.requests("get_follow_user_list", seq)) == 2


def test_an_empty_answer_is_noticed_and_a_lost_contact_becomes_a_tombstone(chatting: Served) -> None:
    as_of = DAY + timedelta(days=7)
    chatting.ask("faults", [{"kind": "empty", "endpoint": "externalcontact/batch/get_by_user"}])
    with pytest.raises(StepError, match="a permission or a filter changed"):
        walk("contacts", as_of, [])
    chatting.ask("faults", [])
    chatting.ask("patch", [{"object": "AccountObj", "id": "W001", "op": "update", "fields": {"owner": ["1003"]}}])
    assert walk("contacts", as_of, []).deleted in (1, 2)
    gone = "select count(*) from landing.wecom__contacts where record = '{\"is_deleted\": true}'"
    assert query(gone)[0][0] in (1, 2)


def test_the_archive_tells_who_wrote_to_whom_of_consenting_members_and_no_content(chatting: Served) -> None:
    at = (MIDNIGHT + 3600 * 10) * 1000
    said = {"action": "send", "msgtype": "text", "roomid": "", "msgtime": at, "text": {"content": "底价三十万"}}
    messages = [
        said | {"msgid": "m1", "from": "wc1001", "tolist": ["wmDEMO0001"]},
        said | {"msgid": "m2", "from": "wmDEMO0001", "tolist": ["wc1001"], "msgtime": at + 60_000},
        said | {"msgid": "m3", "from": "wc9999", "tolist": ["wmDEMO0001"]},  # no consent
        said | {"msgid": "m4", "from": "wc1001", "tolist": ["wc1002"]},  # among colleagues
        said | {"msgid": "m5", "from": "wc1001", "tolist": ["wmDEMO0001"], "roomid": "wrDEMO"},
        said
        | {
            "msgid": "m6",
            "from": "wc1002",
            "tolist": ["wmDEMO0001"],
            "msgtime": at + 86_400_000 * 30,
        },  # of a later day
    ]
    folder = settings().wecom_archive_dir or Path()
    (folder / "1.jsonl").write_text(
        "\n".join(json.dumps(each, ensure_ascii=False) for each in messages) + '\n{"broken\n'
    )
    extract(DAY + timedelta(days=7), "wecom", "archive_messages")
    found = query(
        "select record_id, record->>'userid', record->>'direction', record->'external_userid'->>'mask'"
        " from landing.wecom__archive_messages order by 1"
    )
    assert found == [("m1", "wc1001", "out", "****"), ("m2", "wc1001", "in", "****")]
    assert query("select count(*) from landing.wecom__archive_messages where record::text like '%%底价%%'") == [(0,)]
    assert query("select distinct reason from ops.quarantine") == [("the record has no msgid",)]


def test_nothing_secret_or_personal_is_logged_or_landed(
    chatting: Served, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (settings().home / "tokens").glob("wecom-*.json"):
        path.unlink()
    with caplog.at_level(logging.DEBUG):
        extract(DAY + timedelta(days=7), "wecom", "contacts")
    told = "".join(capsys.readouterr()) + "".join(
        each.getMessage()
        for each in caplog.records
        if not each.name.startswith("uvicorn")  # the sandbox's own server
    )
    originals = [value for (value,) in query("select original from vault.persons where kind in ('chat', 'phone')")]
    landed = query("select string_agg(record_id || record::text, '') from (select record_id, record from landing.wecom__contacts union all"
                   " select record_id, record from landing.wecom__follow_relations) as found")[0][0]  # fmt: skip
    assert len(originals) > CUSTOMERS
    assert [value for value in originals if value in landed or value in told] == []
    assert [word for word in ("sandbox-secret", "corpsecret", "WT_") if word in told] == []
    masks = query(
        "select distinct record->'remark_mobiles'->0->>'mask' like '139****%%' from landing.wecom__follow_relations"
        " where record ? 'remark_mobiles'"
    )
    assert masks == [(True,)]
