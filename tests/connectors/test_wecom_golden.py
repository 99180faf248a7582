"""What is printed about WeCom's API: the connector accepts every answer and sends every request, the sandbox speaks the same way."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.settings import Settings
from connectors.calls import RefusedError
from connectors.pacing import Patience
from connectors.reading import read_page
from connectors.streams import mapping_of
from connectors.wecom import WeCom
from tests.connectors.chatting import Served
from tests.connectors.vendor import Asked, Vendor
from warehouse.clock import cutoff
from warehouse.steps import StepError
from warehouse.walks import Walk

DAY = date(2025, 11, 22)
WALK = Walk("wecom", "", DAY, cutoff(date(2025, 11, 21)), cutoff(DAY))
TOKEN: dict[str, Any] = {"errcode": 0, "errmsg": "ok", "access_token": "TOKEN_demo", "expires_in": 7200}
PAGE: dict[str, Any] = {"errcode": 0, "errmsg": "ok", "external_contact_list": [
  {"external_contact": {"external_userid": "wmDEMO0001", "name": "王先生", "type": 2, "corp_name": "华东机电",
                        "corp_full_name": "华东机电有限公司", "position": "采购经理", "gender": 1},
   "follow_info": {"userid": "lina", "remark": "华东机电-王", "description": "对A系列有兴趣", "createtime": 1763568000,
                   "tag_id": ["etDEMO1"], "remark_corp_name": "华东机电", "remark_mobiles": ["13800000000"],
                   "add_way": 1, "state": "ch-expo"}}],
 "next_cursor": "CUR_demo"}  # fmt: skip
BEHAVIOUR_ASKED: dict[str, Any] = {"userid": ["lina"], "start_time": 1763740800, "end_time": 1763740800}
BEHAVIOUR: dict[str, Any] = {"errcode": 0, "errmsg": "ok", "behavior_data": [{
  "stat_time": 1763740800, "chat_cnt": 18, "message_cnt": 96, "reply_percentage": 83.5, "avg_reply_time": 12,
  "negative_feedback_cnt": 1, "new_apply_cnt": 6, "new_contact_cnt": 4}]}  # fmt: skip
GROUP = {"chat_total": 3, "msg_total": 7}


def printed(asked: Asked) -> dict[str, Any]:
    """The printed answer to a request; a second page of contacts is empty but for a cursor, the third ends."""
    name = asked.path.removeprefix("/cgi-bin/")
    if name == "gettoken":
        return TOKEN
    if name.endswith("get_by_user"):
        following = {"": "CUR_demo", "CUR_demo": "CUR_last", "CUR_last": ""}[asked.json["cursor"]]
        held = PAGE["external_contact_list"] if asked.json["cursor"] != "CUR_demo" else []
        return PAGE | {"external_contact_list": held, "next_cursor": following}
    if name.endswith("statistic"):
        return {"errcode": 0, "errmsg": "ok", "total": 1, "next_offset": 1, "items": [{"owner": "lina", "data": GROUP}]}
    return {"get_follow_user_list": {"errcode": 0, "follow_user": ["lina"]}, "get_user_behavior_data": BEHAVIOUR}[
        name.split("/")[-1]
    ]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[Callable[[Asked], Any]], tuple[WeCom, Vendor]]]:
    """opened(answer): a client of a vendor that answers so."""
    started: list[Any] = []

    def start(answer: Callable[[Asked], Any]) -> tuple[WeCom, Vendor]:
        vendor = Vendor(answer)
        now = Settings(
            _env_file=None,
            home=tmp_path,
            wecom_base_url=vendor.url,
            wecom_corp_id="ww",
            wecom_secret="s3cret",
            wecom_requests_per_20s=0,
        )
        started.extend([WeCom(now, Patience(2, pause=lambda _: None)), vendor])
        return started[-2], vendor

    yield start
    for each in started:
        each.close()


def landed(client: WeCom, name: str) -> list[dict[str, Any]]:
    stream = mapping_of("wecom").streams[name]
    records = [record for page in client.pages(stream, WALK) for record in read_page(stream, WALK, page.rows)[0]]
    return [record.record for record in records]


def test_the_token_is_fetched_by_the_printed_request_and_goes_into_the_query(opened) -> None:  # type: ignore[no-untyped-def]
    client, vendor = opened(printed)
    assert client.members() == ["lina"]
    assert [(asked.method, asked.path, asked.query) for asked in vendor.asked] == [
        ("GET", "/cgi-bin/gettoken", {"corpid": "ww", "corpsecret": "s3cret"}),
        ("GET", "/cgi-bin/externalcontact/get_follow_user_list", {"access_token": "TOKEN_demo"}),
    ]


def test_the_printed_page_gives_a_contact_and_a_relation_and_an_empty_page_with_a_cursor_is_not_the_end(opened) -> None:  # type: ignore[no-untyped-def]
    client, vendor = opened(printed)
    contact = {
        "external_userid": "wmDEMO0001",
        "name": "王先生",
        "type": 2,
        "corp_name": "华东机电",
        "corp_full_name": "华东机电有限公司",
        "position": "采购经理",
    }
    assert landed(client, "contacts") == [contact, contact]
    relation = landed(client, "follow_relations")[0]
    assert (relation["userid"], relation["external_userid"], relation["createtime"]) == (
        "lina",
        "wmDEMO0001",
        1763568000,
    )
    assert "tag_id" not in relation
    pages = [asked.json for asked in vendor.asked if asked.path.endswith("get_by_user")][:3]
    assert pages == [
        {"userid_list": ["lina"], "cursor": cursor, "limit": 100} for cursor in ("", "CUR_demo", "CUR_last")
    ]


def test_the_printed_days_are_asked_for_in_seconds_and_land_with_their_nulls(opened) -> None:  # type: ignore[no-untyped-def]
    client, vendor = opened(printed)
    told = BEHAVIOUR["behavior_data"][0]
    assert landed(client, "member_days") == [{**told, "userid": "lina", "is_provisional": True}]
    assert vendor.asked[-1].json == BEHAVIOUR_ASKED
    assert landed(client, "group_days") == [{**GROUP, "owner": "lina", "stat_time": 1763740800, "is_provisional": True}]
    sent = vendor.asked[-1].json
    assert (sent["day_begin_time"], sent["day_end_time"], sent["owner_filter"]) == (
        1763740800,
        1763740800,
        {"userid_list": ["lina"]},
    )
    bare, _ = opened(lambda asked: {**printed(asked), "behavior_data": [{"stat_time": 1763740800, "chat_cnt": 0}]})
    assert "reply_percentage" not in landed(bare, "member_days")[0]  # nothing to divide: null, not nought


@pytest.mark.parametrize(("code", "reaction"), [
    (-1, "back_off"), (40014, "refresh"), (42001, "refresh"), (41001, "refresh"), (40001, "stop"), (45009, "back_off"), (45033, "back_off"),
    (60020, "stop"), (48002, "skip"), (60011, "skip"), (84061, "skip"), (81013, "skip"), (99999, "skip"),
])  # fmt: skip
def test_every_printed_code_has_its_reaction(opened, code: int, reaction: str) -> None:  # type: ignore[no-untyped-def]
    refuse = {"errcode": code, "errmsg": "anything"}
    client, _ = opened(lambda asked: TOKEN if asked.path.endswith("gettoken") else refuse)
    with pytest.raises(RefusedError) as caught:
        client.members()
    assert caught.value.reaction == reaction


@pytest.mark.parametrize("following", [{}, {"next_offset": 0}, {"items": []}, {"items": [], "next_offset": 0}])
def test_groups_whose_next_page_is_the_one_just_read_end_the_walk(opened, following: dict[str, int]) -> None:  # type: ignore[no-untyped-def]
    """It was read for ever, or taken for the last one."""
    page = {"errcode": 0, "total": 3, "items": [{"owner": "lina", "data": {}}], **following}
    client, vendor = opened(lambda asked: page if asked.path.endswith("statistic") else printed(asked))
    with pytest.raises(StepError, match="WeCom repeats a page of customer groups instead of going on"):
        landed(client, "group_days")
    assert len([asked for asked in vendor.asked if asked.path.endswith("statistic")]) == 1


def test_contacts_whose_next_page_is_the_one_just_read_end_the_walk(opened) -> None:  # type: ignore[no-untyped-def]
    page = PAGE | {"next_cursor": "CUR_demo"}
    client, vendor = opened(lambda asked: page if asked.path.endswith("get_by_user") else printed(asked))
    with pytest.raises(StepError, match="WeCom repeats a page of contacts instead of going on"):
        landed(client, "contacts")
    assert len([asked for asked in vendor.asked if asked.path.endswith("get_by_user")]) == 2


def test_contacts_that_some_members_may_not_show_are_no_deletions(opened) -> None:  # type: ignore[no-untyped-def]
    failing = {"fail_info": {"unlicensed_userid_list": ["lina"]}, "external_contact_list": []}
    client, _ = opened(lambda asked: {**printed(asked), **(failing if asked.path.endswith("get_by_user") else {})})
    with pytest.raises(RefusedError, match="licensed for customer contact"):
        landed(client, "contacts")


def test_the_sandbox_accepts_the_printed_requests_and_answers_in_the_printed_shape(chatting: Served) -> None:
    base = f"{chatting.url}/wecom/cgi-bin/"
    token = httpx.get(f"{base}gettoken", params={"corpid": "ww_sandbox", "corpsecret": "sandbox-secret"}).json()
    assert token.keys() == TOKEN.keys()
    asked = {"access_token": token["access_token"]}
    found = httpx.post(
        f"{base}externalcontact/batch/get_by_user",
        json={"userid_list": ["wc1001"], "cursor": "", "limit": 100},
        params=asked,
    ).json()
    shown = next(
        row
        for row in found["external_contact_list"]
        if {"remark_corp_name", "remark_mobiles"} <= row["follow_info"].keys() and row["external_contact"]["type"] == 2
    )
    assert found.keys() == PAGE.keys()
    for part in ("external_contact", "follow_info"):
        assert shown[part].keys() == PAGE["external_contact_list"][0][part].keys()
    day = int(datetime(2026, 6, 28, 16, tzinfo=UTC).timestamp())
    days = BEHAVIOUR_ASKED | {"userid": ["wc1001"], "start_time": day, "end_time": day + 86399}
    rows = httpx.post(f"{base}externalcontact/get_user_behavior_data", json=days, params=asked).json()
    assert [row["stat_time"] for row in rows["behavior_data"]] == [day]
    assert rows["behavior_data"][0].keys() <= BEHAVIOUR["behavior_data"][0].keys()
    ms = days | {"start_time": day * 1000, "end_time": day * 1000}
    assert (
        httpx.post(f"{base}externalcontact/get_user_behavior_data", json=ms, params=asked).json()["errcode"] == 600018
    )
