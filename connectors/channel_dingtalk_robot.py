"""Alerts to a DingTalk chat group by its robot, signed anew for every attempt, since a signature holds for an hour."""

import hashlib
import hmac
import time
from base64 import b64encode

import orjson

from config.settings import settings
from connectors.calls import Calls
from connectors.channels import ROBOT_MESSAGES, ROBOT_WINDOW_S, Post, Receipt, required
from connectors.chat_codes import DINGTALK_ROBOT, by_code
from connectors.contacts import Contact
from connectors.http import Request, Transport
from connectors.pacing import Pace, Patience, Pause


def channel(pause: Pause = time.sleep) -> "DingtalkRobot":
    """The robot that the settings name."""
    return DingtalkRobot(pause)


def signature(secret: str, stamp: str) -> str:
    """What DingTalk compares: base64 of HMAC-SHA256 over "{stamp}\\n{secret}", keyed by the secret; `stamp` is epoch milliseconds."""
    return b64encode(hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()).decode()


class DingtalkRobot:
    """One group's robot in the safety mode of signatures."""

    is_group = True

    def __init__(self, pause: Pause) -> None:
        now = settings()
        self._token = now.notify_dingtalk_robot_token.get_secret_value()
        self._secret = now.notify_dingtalk_robot_secret.get_secret_value()
        required(notify_dingtalk_robot_token=self._token, notify_dingtalk_robot_secret=self._secret)
        address = now.notify_dingtalk_robot_base_url
        transport = Transport("notify_dingtalk_robot", address, deadline_s=now.request_deadline_s)
        judge, pace = by_code(DINGTALK_ROBOT, "errcode"), Pace(ROBOT_MESSAGES, ROBOT_WINDOW_S, pause)
        self._calls = Calls("DingTalk", transport, judge, patience=Patience(pause=pause), pace=pace)

    def reaches(self, person: Contact) -> bool:
        """Those with a user id, or a phone in the tenant's contacts."""
        return bool(person.dingtalk or person.phone)

    def send(self, post: Post) -> Receipt:
        """One markdown message to the group."""
        users = [person.dingtalk for person in post.to if person.dingtalk]
        phones = [person.phone for person in post.to if person.phone and not person.dingtalk]
        mentions = " ".join(f"@{name}" for name in [*users, *phones])
        text = f"#### {post.title}\n{post.text} {mentions}\n\n[→]({post.link})"
        at = {"atUserIds": users, "atMobiles": phones, "isAtAll": False}
        body = orjson.dumps({"msgtype": "markdown", "markdown": {"title": post.title, "text": text}, "at": at})

        def build(_: object) -> Request:
            stamp = str(int(time.time() * 1000))
            params = {"access_token": self._token, "timestamp": stamp, "sign": signature(self._secret, stamp)}
            return Request("/robot/send", params, {}, body)

        self._calls.ask(build, "an alert")
        return Receipt("sent", "0")

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()
