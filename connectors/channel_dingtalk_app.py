"""Alerts to people by the robot of a DingTalk app, one conversation each."""

import time

import orjson

from config.settings import settings
from connectors.calls import Calls
from connectors.channels import Post, Receipt, missed, required
from connectors.chat_codes import dingtalk
from connectors.contacts import Contact
from connectors.http import Request, Transport
from connectors.pacing import Pace, Patience, Pause
from connectors.tokens import Token, TokenStore, identity

PER_SECOND = 20
INVALID, SLOWED = "invalidStaffIdList", "flowControlledStaffIdList"


def channel(pause: Pause = time.sleep) -> "DingtalkApp":
    """The app that the settings name."""
    return DingtalkApp(pause)


class DingtalkApp:
    """One app of one company."""

    is_group = False

    def __init__(self, pause: Pause) -> None:
        now = settings()
        self._key, self._secret = now.notify_dingtalk_app_key, now.notify_dingtalk_app_secret.get_secret_value()
        self._robot = now.notify_dingtalk_robot_code
        required(
            notify_dingtalk_app_key=self._key, notify_dingtalk_app_secret=self._secret, notify_dingtalk_robot_code=self._robot
        )  # fmt: skip
        transport = Transport("notify_dingtalk", now.notify_dingtalk_base_url, deadline_s=now.request_deadline_s)
        name = identity(now.notify_dingtalk_base_url, self._key, self._secret)
        tokens = TokenStore(now.home / "tokens", f"notify-dingtalk-{name}", self._fetch_token)
        pace = Pace(PER_SECOND, 1.0, pause)
        self._calls = Calls("DingTalk", transport, dingtalk, tokens=tokens, patience=Patience(pause=pause), pace=pace)

    def reaches(self, person: Contact) -> bool:
        """Those with a user id."""
        return bool(person.dingtalk)

    def send(self, post: Post) -> Receipt:
        """One markdown message to all of `post.to`. One that DingTalk holds back from somebody has failed, and is tried another night."""
        people = [person.dingtalk for person in post.to]
        told = orjson.dumps(
            {"title": post.title, "text": f"#### {post.title}\n{post.text}\n\n[→]({post.link})"}
        ).decode()
        body = orjson.dumps({"robotCode": self._robot, "userIds": people, "msgKey": "sampleMarkdown", "msgParam": told})

        def build(token: Token) -> Request:
            headers = {"x-acs-dingtalk-access-token": token.access}
            return Request("/v1.0/robot/oToMessages/batchSend", {}, headers, body)

        answer = self._calls.ask(build, "an alert").payload
        key = str(answer.get("processQueryKey", ""))
        unknown, slowed = (set(answer.get(name) or ()) & set(people) for name in (INVALID, SLOWED))
        if unknown >= set(people):
            return Receipt("undeliverable", INVALID, key)
        if unknown | slowed:
            lost = [person for person in post.to if person.dingtalk in unknown | slowed]
            return missed(lost, SLOWED if slowed else INVALID, key)
        return Receipt("sent", "0", key)

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()

    def _fetch_token(self) -> Token:
        asked = orjson.dumps({"appKey": self._key, "appSecret": self._secret})
        found = self._calls.once(Request("/v1.0/oauth2/accessToken", body=asked), "the app secret").payload
        return Token(str(found["accessToken"]), self._key, float(found["expireIn"]))
