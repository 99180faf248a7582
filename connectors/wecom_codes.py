"""What WeCom's error codes ask of us: reaction, and what a person does when we cannot go on.

Codes come as `errcode` in the body of an HTTP 200 answer; `errmsg` is never looked at.
"""

from typing import Any

from connectors.calls import Reaction, Verdict
from connectors.http import Reply

NO_RELATION = "84061"
TOO_FAST = (45009, 45033)
TOO_FAST_WAIT_S = 60.0  # a block by the minute lasts as long
REFUSED_TOKEN = "the token is refused again and again: check the app's state in the WeCom console"  # noqa: S105 - a sentence
NOT_PERMITTED = "let the administrator add the app to those that may call the customer-contact API"
REACTIONS: dict[int, tuple[Reaction, str]] = {  # errcode → (reaction, what a person does about it)
    0: ("ok", ""),
    -1: ("back_off", "the service is busy: wait some minutes"),
    40014: ("refresh", REFUSED_TOKEN),
    42001: ("refresh", REFUSED_TOKEN),
    41001: ("refresh", REFUSED_TOKEN),
    40001: ("stop", "correct LANDFALL_WECOM_SECRET"),
    40013: ("stop", "correct LANDFALL_WECOM_CORP_ID"),
    45009: ("back_off", "requests are too fast: lower LANDFALL_WECOM_REQUESTS_PER_20S"),
    45033: ("back_off", "too many requests at once: lower LANDFALL_WECOM_REQUESTS_PER_20S"),
    60020: ("stop", "let the administrator add this machine's address to the app's trusted addresses"),
    48002: ("skip", NOT_PERMITTED),
    60011: ("skip", NOT_PERMITTED),
    84061: ("skip", "the member and the contact have no relation any more"),
    81013: ("skip", "nobody of those named can be reached"),
    81017: ("skip", "the statistics cover too many owners: narrow the members that the app may see"),
    600018: ("skip", "the days asked for are out of range: they are seconds at midnight, at most 180 days back"),
    301052: ("skip", "the message archive's service has expired: renew it"),
}


def judge(reply: Reply, payload: Any) -> Verdict | None:
    """The verdict on an envelope {errcode, errmsg, …}; an unknown code concerns this request alone."""
    if reply.status != 200 or not isinstance(payload, dict) or not isinstance(payload.get("errcode"), int):
        return None
    code = payload["errcode"]
    reaction, advice = REACTIONS.get(code, ("skip", ""))
    return Verdict(reaction, str(code), advice, wait_s=TOO_FAST_WAIT_S if code in TOO_FAST else None)
