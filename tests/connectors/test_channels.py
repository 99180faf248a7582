"""Every channel against a server that answers as the vendor's printed examples do: what it is sent, and what becomes of each answer."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest

from config.settings import settings
from connectors import (
    channel_dingtalk_app,
    channel_dingtalk_robot,
    channel_feishu_robot,
    channel_fxiaoke,
    channel_webhook,
    channel_wecom_app,
    channel_wecom_robot,
)  # fmt: skip
from connectors.calls import RefusedError
from connectors.channels import Channel, Post, Receipt
from connectors.contacts import Contact
from tests.connectors.vendor import Answer, Vendor
from warehouse.steps import StepError

LINA = Contact(person_id="1007", fxiaoke="1007", wecom="lina", dingtalk="u001", feishu="ou_1", phone="13800000000")
ZHANG = Contact(person_id="1008", fxiaoke="1008", wecom="zhangwei", phone="13900000000")
POST = Post("b silence|O-1", "谈判中失联", "「订单」已 14 天没有互动", "http://x/opportunities/O-1", [LINA, ZHANG])
SECRETS = {
    "NOTIFY_WECOM_CORP_ID": "corp", "NOTIFY_WECOM_SECRET": "canary-1", "NOTIFY_WECOM_AGENT_ID": "1000002",
    "NOTIFY_WECOM_ROBOT_KEY": "canary-2", "NOTIFY_DINGTALK_APP_KEY": "app", "NOTIFY_DINGTALK_APP_SECRET": "canary-3",
    "NOTIFY_DINGTALK_ROBOT_CODE": "code", "NOTIFY_DINGTALK_ROBOT_TOKEN": "canary-4", "NOTIFY_DINGTALK_ROBOT_SECRET": "canary-5",
    "NOTIFY_FEISHU_ROBOT_TOKEN": "canary-6", "NOTIFY_FEISHU_ROBOT_SECRET": "canary-7", "NOTIFY_WEBHOOK_SECRET": "canary-8",
    "FXIAOKE_APP_SECRET": "canary-9",
}  # fmt: skip
ADDRESSES = (
    "NOTIFY_WECOM_BASE_URL",
    "NOTIFY_DINGTALK_BASE_URL",
    "NOTIFY_DINGTALK_ROBOT_BASE_URL",
    "NOTIFY_FEISHU_BASE_URL",
    "FXIAOKE_BASE_URL",
)
Opened = Callable[[ModuleType, Answer], tuple[Channel, Vendor]]


class Changing:
    """A vendor whose answer is another in each test."""

    def __init__(self) -> None:
        self.answer: Answer = lambda _: {}
        self.vendor = Vendor(lambda asked: self.answer(asked))


@pytest.fixture(scope="module")
def changing() -> Iterator[Changing]:
    """One server for all tests of this module."""
    served = Changing()
    yield served
    served.vendor.close()


@pytest.fixture
def opened(changing: Changing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """opened(module, answer): the channel with all settings pointed at a vendor that answers so; waits are noted, not waited."""

    def serve(module: ModuleType, answer: Answer) -> tuple[Channel, Vendor]:
        changing.answer = answer
        changing.vendor.asked.clear()
        url = changing.vendor.url
        values = dict.fromkeys(ADDRESSES, url) | SECRETS | {"HOME": str(tmp_path)}
        for name, value in (values | {"NOTIFY_WEBHOOK_BASE_URL": f"{url}/hook?place=1"}).items():
            monkeypatch.setenv(f"LANDFALL_{name}", value)
        settings.cache_clear()
        return module.channel(lambda _: None), changing.vendor

    yield serve
    settings.cache_clear()


def wecom(sent: Any) -> Answer:
    token = {"errcode": 0, "errmsg": "ok", "access_token": "TOKEN_demo", "expires_in": 7200}
    return lambda asked: token if asked.path == "/cgi-bin/gettoken" else sent


def in_turn(*answers: Any) -> Answer:
    """Each answer once, the last for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_wecom_sends_one_card_to_people_by_id_and_has_repeats_dropped(opened: Opened) -> None:
    channel, vendor = opened(
        channel_wecom_app, wecom({"errcode": 0, "errmsg": "ok", "invaliduser": "zhangwei", "msgid": "MSG_demo"})
    )
    assert channel.send(POST) == Receipt("failed", "invaliduser", "MSG_demo not told: 1008")
    token, sent = vendor.asked
    assert token.query == {"corpid": "corp", "corpsecret": "canary-1"}
    assert (sent.path, sent.query) == ("/cgi-bin/message/send", {"access_token": "TOKEN_demo"})
    assert sent.json == {
        "touser": "lina|zhangwei", "msgtype": "textcard", "agentid": 1000002, "enable_duplicate_check": 1, "duplicate_check_interval": 1800,
        "textcard": {"title": POST.title, "description": POST.text, "url": POST.link},
    }  # fmt: skip


def test_wecom_reaches_nobody_when_all_are_invalid(opened: Opened) -> None:
    channel, _ = opened(channel_wecom_app, wecom({"errcode": 0, "invaliduser": "lina|zhangwei", "msgid": "M"}))
    assert channel.send(POST).state == "undeliverable"


def test_a_token_that_wecom_refuses_is_renewed_once(opened: Opened) -> None:
    channel, vendor = opened(channel_wecom_app, lambda asked: answers(asked.path))
    tokens = iter(["OLD", "NEW"])
    told: Iterator[dict[str, object]] = iter([{"errcode": 42001}, {"errcode": 0, "invaliduser": "", "msgid": "M"}])

    def answers(path: str) -> object:
        is_token = path == "/cgi-bin/gettoken"
        return {"errcode": 0, "access_token": next(tokens), "expires_in": 7200} if is_token else next(told)

    assert channel.send(POST).state == "sent"
    assert [asked.query.get("access_token") for asked in vendor.asked] == [None, "OLD", None, "NEW"]


def test_the_wecom_robot_mentions_by_id_and_by_phone_only_who_has_no_id(opened: Opened) -> None:
    channel, vendor = opened(channel_wecom_robot, lambda _: {"errcode": 0, "errmsg": "ok"})
    stranger = Contact(person_id="1009", phone="13700000000")
    assert channel.send(Post("k", "t", "长" * 2000, "http://x", [LINA, stranger])).state == "sent"
    assert (vendor.asked[0].path, vendor.asked[0].query) == ("/cgi-bin/webhook/send", {"key": "canary-2"})
    text = vendor.asked[0].json["text"]
    assert (text["mentioned_list"], text["mentioned_mobile_list"]) == (["lina"], ["13700000000"])
    assert len(text["content"].encode()) <= 2048


def test_every_attempt_at_dingtalks_robot_is_signed_for_its_own_time(opened: Opened) -> None:
    channel, vendor = opened(
        channel_dingtalk_robot, in_turn({"errcode": 130101}, (503, b"<html>"), {"errcode": 0, "errmsg": "ok"})
    )
    assert channel.send(POST).state == "sent"
    assert len(vendor.asked) == 3
    for asked in vendor.asked:
        message = f"{asked.query['timestamp']}\ncanary-5".encode()
        sign = base64.b64encode(hmac.new(b"canary-5", message, hashlib.sha256).digest()).decode()
        assert (asked.path, asked.query["sign"], asked.query["access_token"]) == ("/robot/send", sign, "canary-4")
    assert vendor.asked[0].json["at"] == {"atUserIds": ["u001"], "atMobiles": ["13900000000"], "isAtAll": False}
    assert "@u001" in vendor.asked[0].json["markdown"]["text"]


def test_dingtalks_app_tells_people_apart_that_it_cannot_reach(opened: Opened) -> None:
    token, answers = {"accessToken": "AT", "expireIn": 7200}, {"processQueryKey": "Q", "invalidStaffIdList": ["u001"]}
    channel, vendor = opened(
        channel_dingtalk_app, lambda asked: token if asked.path.endswith("accessToken") else answers
    )
    post = Post("k", "t", "x", "http://x", [LINA])
    assert channel.send(post) == Receipt("undeliverable", "invalidStaffIdList", "Q")
    asked = vendor.asked[1]
    assert (asked.path, asked.headers["x-acs-dingtalk-access-token"]) == ("/v1.0/robot/oToMessages/batchSend", "AT")
    assert (asked.json["robotCode"], asked.json["userIds"], asked.json["msgKey"]) == (
        "code",
        ["u001"],
        "sampleMarkdown",
    )
    assert orjson.loads(asked.json["msgParam"])["title"] == "t"
    answers.clear()
    answers["flowControlledStaffIdList"] = ["u001"]
    assert channel.send(post).state == "failed"


@pytest.mark.parametrize("name", ["invalidStaffIdList", "flowControlledStaffIdList"])
def test_a_message_that_dingtalk_gave_to_some_of_its_receivers_has_failed_and_says_to_whom(
    opened: Opened, name: str
) -> None:
    token, answers = {"accessToken": "AT", "expireIn": 7200}, {"processQueryKey": "Q", name: ["u001"]}
    channel, _ = opened(channel_dingtalk_app, lambda asked: token if asked.path.endswith("accessToken") else answers)
    post = Post("k", "t", "x", "http://x", [LINA, Contact(person_id="1009", dingtalk="u009")])
    assert channel.send(post) == Receipt("failed", name, "Q not told: 1007")


def test_feishus_robot_is_signed_and_mentions_by_open_id(opened: Opened) -> None:
    channel, vendor = opened(channel_feishu_robot, lambda _: {"code": 0, "msg": "success", "data": {}})
    assert channel.send(POST).state == "sent"
    (asked,) = vendor.asked
    key = f"{asked.json['timestamp']}\ncanary-7".encode()
    assert asked.path == "/open-apis/bot/v2/hook/canary-6"
    assert asked.json["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    assert '<at user_id="ou_1"></at>' in asked.json["content"]["text"]


def test_a_message_in_the_crm_goes_to_its_users(opened: Opened) -> None:
    token = {"errorCode": 0, "accessToken": "AT", "ea": "ea", "expiresIn": 7084}
    channel, vendor = opened(
        channel_fxiaoke,
        lambda asked: token if "token" in asked.path else {"errorCode": 0, "errorMessage": "OK", "traceId": "T"},
    )
    assert channel.send(POST) == Receipt("sent", "0", "T")
    assert (vendor.asked[1].path, vendor.asked[1].json["toUser"]) == ("/cgi/message/send", ["1007", "1008"])
    people = [Contact(person_id=str(n), fxiaoke=str(n)) for n in range(1001)]
    assert channel.send(Post("k", "t", "x", "http://x", people)) == Receipt("sent", "0", "T T T")
    asked = [each.json["toUser"] for each in vendor.asked[2:]]
    assert ([len(users) for users in asked], [user for users in asked for user in users]) == (
        [500, 500, 1],
        [str(n) for n in range(1001)],
    )


def test_a_receiver_of_ones_own_can_check_the_signature_and_drop_a_repeat(opened: Opened) -> None:
    channel, vendor = opened(channel_webhook, in_turn((500, b""), (200, b"")))
    assert channel.send(POST).state == "sent"
    first, second = vendor.asked
    for asked in (first, second):
        signed = hmac.new(
            b"canary-8", f"{asked.headers['x-timestamp']}.".encode() + asked.body, hashlib.sha256
        ).hexdigest()
        assert (asked.path, asked.query, asked.headers["x-signature"]) == ("/hook", {"place": "1"}, signed)
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert second.json["people"] == ["1007", "1008"]


@pytest.mark.parametrize(
    ("module", "answer", "reaction", "advice"),
    [
        (channel_wecom_app, {"errcode": 81013}, "skip", "correct the people's ids"),
        (channel_wecom_app, {"errcode": 60020}, "stop", "trusted ones"),
        (channel_wecom_robot, {"errcode": 45009}, "back_off", "too fast"),
        (channel_dingtalk_robot, {"errcode": 310000}, "stop", "LANDFALL_NOTIFY_DINGTALK_ROBOT_SECRET"),
        (channel_feishu_robot, {"code": 19021}, "stop", "LANDFALL_NOTIFY_FEISHU_ROBOT_SECRET"),
        (channel_webhook, (401, {}), "stop", "LANDFALL_NOTIFY_WEBHOOK_BASE_URL"),
    ],
)
def test_a_refusal_says_what_to_do_and_shows_no_secret(
    opened: Opened, module: ModuleType, answer: Any, reaction: str, advice: str
) -> None:
    channel, _ = opened(module, wecom(answer) if module is channel_wecom_app else lambda _: answer)
    with pytest.raises(RefusedError, match=advice) as refused:
        channel.send(POST)
    assert refused.value.reaction == reaction
    assert not any(hidden in str(refused.value) for hidden in ("canary", "TOKEN_demo", "13800000000"))


def test_a_channel_that_is_down_ends_with_one_sentence_without_its_address(opened: Opened) -> None:
    channel, vendor = opened(channel_feishu_robot, lambda _: (502, b""))
    with pytest.raises(StepError, match="after 5 attempts for an alert") as failed:
        channel.send(POST)
    assert (len(vendor.asked), "canary" in str(failed.value)) == (5, False)
