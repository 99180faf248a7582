"""Alerts to a Feishu chat group by its custom robot, signed anew for every attempt.

The contract is from memory of the vendor's page on custom robots: check it with a real group first (docs/adr/0014).
"""

import hashlib
import hmac
import time
from base64 import b64encode

import orjson

from config.settings import settings
from connectors.calls import Calls
from connectors.channels import Post, Receipt, required
from connectors.chat_codes import FEISHU, by_code
from connectors.contacts import Contact
from connectors.http import Request, Transport
from connectors.pacing import Pace, Patience, Pause

PER_MINUTE = 100


def channel(pause: Pause = time.sleep) -> "FeishuRobot":
    """The robot that the settings name."""
    return FeishuRobot(pause)


def signature(secret: str, stamp: str) -> str:
    """What Feishu compares: base64 of HMAC-SHA256 over nothing, keyed by "{stamp}\\n{secret}"; `stamp` is epoch seconds."""
    return b64encode(hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


class FeishuRobot:
    """One group's robot."""

    is_group = True

    def __init__(self, pause: Pause) -> None:
        now = settings()
        self._token = now.notify_feishu_robot_token.get_secret_value()
        self._secret = now.notify_feishu_robot_secret.get_secret_value()
        required(notify_feishu_robot_token=self._token, notify_feishu_robot_secret=self._secret)
        transport = Transport("notify_feishu", now.notify_feishu_base_url, deadline_s=now.request_deadline_s)
        judge, pace = by_code(FEISHU, "code", "StatusCode"), Pace(PER_MINUTE, 60.0, pause)
        self._calls = Calls("Feishu", transport, judge, patience=Patience(pause=pause), pace=pace)

    def reaches(self, person: Contact) -> bool:
        """Those with an open id."""
        return bool(person.feishu)

    def send(self, post: Post) -> Receipt:
        """One text to the group."""
        mentions = "".join(f'<at user_id="{person.feishu}"></at>' for person in post.to if person.feishu)
        content = {"text": f"{post.title}\n{post.text} {mentions}\n{post.link}"}

        def build(_: object) -> Request:
            stamp = str(int(time.time()))
            signed = {"timestamp": stamp, "sign": signature(self._secret, stamp)}
            body = orjson.dumps({**signed, "msg_type": "text", "content": content})
            return Request(f"/open-apis/bot/v2/hook/{self._token}", {}, {}, body)

        self._calls.ask(build, "an alert")
        return Receipt("sent", "0")

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()
