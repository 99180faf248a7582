"""Alerts to a WeCom chat group by its robot, as text, since only text mentions people."""

import time
from typing import Any

import orjson

from config.settings import settings
from connectors.calls import Calls
from connectors.channels import ROBOT_MESSAGES, ROBOT_WINDOW_S, Post, Receipt, cut, required
from connectors.chat_codes import WECOM, by_code
from connectors.contacts import Contact
from connectors.http import Request, Transport
from connectors.pacing import Pace, Patience, Pause

LONGEST = 2048  # bytes of a text


def channel(pause: Pause = time.sleep) -> "WecomRobot":
    """The robot that the settings name."""
    return WecomRobot(pause)


class WecomRobot:
    """One group's robot. Its key is all that it asks for."""

    is_group = True

    def __init__(self, pause: Pause) -> None:
        now = settings()
        self._key = now.notify_wecom_robot_key.get_secret_value()
        required(notify_wecom_robot_key=self._key)
        transport = Transport("notify_wecom", now.notify_wecom_base_url, deadline_s=now.request_deadline_s)
        judge, pace = by_code(WECOM, "errcode"), Pace(ROBOT_MESSAGES, ROBOT_WINDOW_S, pause)
        self._calls = Calls("WeCom", transport, judge, patience=Patience(pause=pause), pace=pace)

    def reaches(self, person: Contact) -> bool:
        """Those with a member id, or a phone in the tenant's contacts."""
        return bool(person.wecom or person.phone)

    def send(self, post: Post) -> Receipt:
        """One text to the group."""
        text: dict[str, Any] = {"content": cut(f"{post.title}\n{post.text}\n{post.link}", LONGEST)}
        text["mentioned_list"] = [person.wecom for person in post.to if person.wecom]
        text["mentioned_mobile_list"] = [person.phone for person in post.to if person.phone and not person.wecom]
        body = orjson.dumps({"msgtype": "text", "text": text})
        self._calls.ask(lambda _: Request("/cgi-bin/webhook/send", {"key": self._key}, {}, body), "an alert")
        return Receipt("sent", "0")

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()
