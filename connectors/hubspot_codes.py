"""What HubSpot's answers ask of us: the HTTP status tells, the body names category and limit.

Ten refusals in a second close the door for a minute, so a 429 without a wish of its own waits as long as the window.
"""

from typing import Any

from connectors.calls import Reaction, Verdict
from connectors.http import Reply

WINDOW_S = 10.0
REACTIONS: dict[int, tuple[Reaction, str]] = {  # HTTP status → (reaction, what a person does about it)
    401: ("stop", "correct LANDFALL_HUBSPOT_TOKEN: it is the token of a private app"),
    403: ("skip", "give the private app the scope forms"),
    404: ("skip", "correct the form's id in the mapping"),
    429: ("back_off", "requests are too fast: lower LANDFALL_HUBSPOT_REQUESTS_PER_10S"),
    477: ("back_off", "the portal is being moved to another site: wait a day"),
}


def judge(reply: Reply, payload: Any) -> Verdict | None:
    """The verdict on an answer {results, paging} or an error {status: error, category, correlationId}."""
    if not isinstance(payload, dict):
        return None
    if reply.status == 200:
        return Verdict("ok") if "results" in payload else None
    if payload.get("status") != "error":
        return None
    code, trace = str(payload.get("category") or reply.status), str(payload.get("correlationId", ""))
    if reply.status == 429 and payload.get("policyName") == "DAILY":
        return Verdict("stop", code, "the day's quota is spent: wait until the portal's midnight", trace)
    if reply.status not in REACTIONS:
        return None if reply.status >= 500 else Verdict("skip", code, "", trace)
    reaction, advice = REACTIONS[reply.status]
    wait_s = (WINDOW_S if reply.retry_after_s is None else reply.retry_after_s) if reply.status == 429 else None
    return Verdict(reaction, code, advice, trace, wait_s)
