"""DingTalk's two gateways as one client: version 1.0 takes its token by header, the older one by query string, the same one or its own.

In: the settings. Out: `Calls` on both, and the answer of an endpoint of version 1.0.
"""

from collections.abc import Mapping
from typing import Any, Literal

import orjson

from config.settings import Settings
from connectors.calls import Calls
from connectors.dingtalk_codes import SHUT_OUT_WAIT_S, judge
from connectors.http import Reply, Request, Transport
from connectors.pacing import Pace, Patience
from connectors.tokens import Token, TokenStore, identity

OLDER = ("/topapi/", "/gettoken")
NO_PARAMS: Mapping[str, str] = {}


class Gateways(Transport):
    """Both gateways as one: a path of the older one goes there."""

    def __init__(self, now: Settings) -> None:
        super().__init__("dingtalk", now.dingtalk_base_url, deadline_s=now.request_deadline_s)
        self._legacy = Transport("dingtalk_legacy", now.dingtalk_legacy_base_url, deadline_s=now.request_deadline_s)

    def send(self, request: Request) -> Reply:
        """Send once, to the gateway of the path."""
        return self._legacy.send(request) if request.path.startswith(OLDER) else super().send(request)

    def close(self) -> None:
        """Close the connections to both."""
        self._legacy.close()
        super().close()


def opened(now: Settings, patience: Patience | None = None) -> Calls:
    """Calls to both gateways as one app of the tenant; nothing is asked yet. A token's `company` is what the older gateway takes."""
    secret = now.dingtalk_app_secret.get_secret_value()

    def fetch() -> Token:
        asked = {"appKey": now.dingtalk_app_key, "appSecret": secret}
        found = calls.once(Request("/v1.0/oauth2/accessToken", body=orjson.dumps(asked)), "the app key").payload
        common, ends = str(found["accessToken"]), float(found["expireIn"])
        if not now.dingtalk_legacy_token:
            return Token(common, common, ends)
        older = calls.once(
            Request("/gettoken", {"appkey": now.dingtalk_app_key, "appsecret": secret}, method="GET"), "the app key"
        ).payload
        return Token(common, str(older["access_token"]), min(ends, float(older["expires_in"])))

    name = identity(now.dingtalk_base_url, now.dingtalk_app_key, secret)
    tokens = TokenStore(now.home / "tokens", f"dingtalk-{name}", fetch)
    pace = Pace(now.dingtalk_requests_per_20s)
    calls = Calls(
        "DingTalk", Gateways(now), judge, tokens=tokens, patience=patience, pace=pace, unreadable_wait_s=SHUT_OUT_WAIT_S
    )
    return calls


def answer(
    calls: Calls, path: str, body: Any, what: str, *, params: Mapping[str, str] = NO_PARAMS,
    method: Literal["POST", "PUT"] = "POST", is_write: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The body that version 1.0 answers. Raises as `Calls.ask`."""
    sent, name = orjson.dumps(body), "x-acs-dingtalk-access-token"
    found = calls.ask(lambda token: Request(path, params, {name: token.access}, sent, method), what, is_write=is_write)
    return dict(found.payload)
