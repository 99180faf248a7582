"""Alerts to people as cards of a WeCom app; WeCom itself drops a card that it got within half an hour."""

import time

import orjson

from config.settings import settings
from connectors.calls import Calls
from connectors.channels import Post, Receipt, cut, missed, required
from connectors.chat_codes import WECOM, by_code
from connectors.contacts import Contact
from connectors.http import Request, Transport
from connectors.pacing import Pace, Patience, Pause
from connectors.tokens import Token, TokenStore, identity

PER_MINUTE = 30  # to one member; what is more is dropped silently
TITLE, DESCRIPTION = 128, 512  # bytes that a card shows


def channel(pause: Pause = time.sleep) -> "WecomApp":
    """The app that the settings name."""
    return WecomApp(pause)


class WecomApp:
    """One app of one corp."""

    is_group = False

    def __init__(self, pause: Pause) -> None:
        now = settings()
        self._corp, self._secret = now.notify_wecom_corp_id, now.notify_wecom_secret.get_secret_value()
        required(
            notify_wecom_corp_id=self._corp,
            notify_wecom_secret=self._secret,
            notify_wecom_agent_id=now.notify_wecom_agent_id,
        )
        self._agent = now.notify_wecom_agent_id
        transport = Transport("notify_wecom", now.notify_wecom_base_url, deadline_s=now.request_deadline_s)
        name = identity(now.notify_wecom_base_url, self._corp, self._secret)
        tokens = TokenStore(now.home / "tokens", f"notify-wecom-{name}", self._fetch_token)
        judge, pace = by_code(WECOM, "errcode"), Pace(PER_MINUTE, 60.0, pause)
        self._calls = Calls("WeCom", transport, judge, tokens=tokens, patience=Patience(pause=pause), pace=pace)

    def reaches(self, person: Contact) -> bool:
        """Those with a member id."""
        return bool(person.wecom)

    def send(self, post: Post) -> Receipt:
        """One card to all of `post.to`; one that WeCom calls somebody invalid for has failed, told to nobody when every one is."""
        people = [person.wecom for person in post.to]
        body = {
            "touser": "|".join(people), "msgtype": "textcard", "agentid": self._agent, "enable_duplicate_check": 1,
            "duplicate_check_interval": 1800,
            "textcard": {"title": cut(post.title, TITLE), "description": cut(post.text, DESCRIPTION), "url": post.link},
        }  # fmt: skip

        def build(token: Token) -> Request:
            return Request("/cgi-bin/message/send", {"access_token": token.access}, {}, orjson.dumps(body))

        answer = self._calls.ask(build, "an alert").payload
        invalid = set(str(answer.get("invaliduser") or "").split("|")) - {""}
        if invalid >= set(people):
            return Receipt("undeliverable", "invaliduser", str(answer.get("msgid", "")))
        if lost := [person for person in post.to if person.wecom in invalid]:
            return missed(lost, "invaliduser", str(answer.get("msgid", "")))
        return Receipt("sent", "0", str(answer.get("msgid", "")))

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()

    def _fetch_token(self) -> Token:
        asked = Request("/cgi-bin/gettoken", {"corpid": self._corp, "corpsecret": self._secret}, method="GET")
        found = self._calls.once(asked, "the app secret").payload
        return Token(str(found["access_token"]), self._corp, float(found["expires_in"]))
