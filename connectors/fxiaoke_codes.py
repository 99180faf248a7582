"""What Fxiaoke's error codes ask of us: reaction, and what a person does when we cannot go on.

Codes come in the body of an HTTP 200 answer; messages are never looked at.
"""

from typing import Any

from connectors.calls import Reaction, Verdict
from connectors.http import Reply

TOO_FAST = (30004, 14001)
TOO_FAST_WAIT_S = 20.0
REACTIONS: dict[int, tuple[Reaction, str]] = {  # errorCode → (reaction, what a person does about it)
    0: ("ok", ""),
    20016: ("refresh", "the token is refused again and again: check the app's state in the Fxiaoke console"),
    20005: ("refresh", "the token is refused again and again: check the app's state in the Fxiaoke console"),
    30004: ("back_off", "requests are too fast: lower LANDFALL_FXIAOKE_REQUESTS_PER_20S"),
    14001: ("back_off", "requests are too fast: lower LANDFALL_FXIAOKE_REQUESTS_PER_20S"),
    -1: ("back_off", "the service is busy: wait some minutes"),
    50009: ("unknown", "the service failed or the record is locked: wait some minutes"),
    10006: ("stop", "correct LANDFALL_FXIAOKE_APP_SECRET"),
    20017: ("stop", "set LANDFALL_FXIAOKE_AUTH_STYLE to the app's style of sign-in"),
    30002: ("stop", "the day's quota is spent: wait until midnight or buy more calls"),
    30003: ("stop", "no calls have been bought: ask the CRM's administrator"),
    20021: ("stop", "the app is disabled: enable it in the Fxiaoke console"),
    20022: ("stop", "the app is not authorised: let the CRM's administrator authorise it"),
    15003: ("skip", "grant the app data access to the object"),
    20014: ("skip", "grant the app data access to the object"),
    20020: ("skip", "grant the app data access to the object"),
}


def judge(reply: Reply, payload: Any) -> Verdict | None:
    """The verdict on an envelope {errorCode, traceId, …}; an unknown code concerns this object alone."""
    if reply.status != 200 or not isinstance(payload, dict) or not isinstance(payload.get("errorCode"), int):
        return None
    code = payload["errorCode"]
    reaction, advice = REACTIONS.get(code, ("skip", ""))
    wait_s = TOO_FAST_WAIT_S if code in TOO_FAST else None
    return Verdict(reaction, str(code), advice, str(payload.get("traceId", "")), wait_s)
