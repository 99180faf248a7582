"""What Tencent's return codes ask of us: `code` of an HTTP 200 answer, as the vendor publishes them; messages are never looked at."""

from typing import Any

from connectors.calls import Reaction, Verdict
from connectors.http import Reply

AGAIN = "let the account's owner authorise the app again and set LANDFALL_TENCENT_REFRESH_TOKEN"
MINUTE_S, SECOND_S = 60.0, 1.0
REACTIONS: dict[int, tuple[Reaction, str]] = {  # code → (reaction, what a person does about it)
    0: ("ok", ""),
    10000: ("back_off", "the service is busy: wait some minutes"),
    11000: ("refresh", AGAIN),
    11002: ("refresh", AGAIN),
    11004: ("refresh", AGAIN),
    11007: ("stop", "correct LANDFALL_TENCENT_CLIENT_ID"),
    11008: ("back_off", "requests are too fast: wait some minutes"),
    11010: ("stop", AGAIN),
    11012: ("stop", AGAIN),
    11014: ("skip", "give the app the right to read leads, then authorise it again"),
    11016: ("back_off", "requests are too fast: wait some minutes"),
    11017: ("back_off", "requests are too fast: wait some minutes"),
    11018: ("stop", "the day's requests are spent: wait until midnight or ask for more"),
    11019: ("back_off", "requests are too fast: wait some minutes"),
}
WAITS = {11016: SECOND_S, 11017: MINUTE_S}


def judge(reply: Reply, payload: Any) -> Verdict | None:
    """The verdict on {code, message, message_cn, data}; an unknown code concerns this question alone."""
    if reply.status != 200 or not isinstance(payload, dict) or not isinstance(payload.get("code"), int):
        return None
    code = payload["code"]
    reaction, advice = REACTIONS.get(code, ("skip", ""))
    return Verdict(reaction, str(code), advice, str(payload.get("trace_id", "")), WAITS.get(code))
