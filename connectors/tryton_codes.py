"""What Tryton's refusals ask of us: reaction, and what a person does when we cannot go on.

Refusals of its own come in the body of an HTTP 200 answer as `{"id", "error": [kind, …]}`; the rest of the list can quote records and is
never looked at. What stands before its models (session, database, limits) answers by HTTP status, mostly with a web page.
"""

from typing import Any

from connectors.calls import Reaction, Verdict
from connectors.http import Reply

STATUSES: dict[int, tuple[Reaction, str]] = {  # HTTP status → (reaction, what a person does about it)
    401: ("refresh", "correct LANDFALL_TRYTON_USER and LANDFALL_TRYTON_PASSWORD"),
    403: ("skip", "the model does not let itself be read: correct the mapping's object"),
    404: ("stop", "correct LANDFALL_TRYTON_DATABASE, or let the server list its databases"),
    413: ("stop", "raise records_limit of its section [request]"),
    422: ("skip", "the server does not know a field, or wants another request: correct the mapping"),
}
ERRORS: dict[str, tuple[Reaction, str]] = {  # kind of error → the same
    "ConcurrencyException": ("back_off", "records change under our hands: wait some minutes"),
    "LoginException": ("stop", "it asks for a second factor: give landfall a user that signs in by password alone"),
    "UserError": ("skip", "give the user of LANDFALL_TRYTON_USER read access to the model and its fields"),
    "UserWarning": ("skip", "give the user of LANDFALL_TRYTON_USER read access to the model and its fields"),
}
FAULT: tuple[Reaction, str] = (
    "skip",
    "activate the module of the model or correct the mapping; the server's log tells",
)


def judge(reply: Reply, payload: Any) -> Verdict | None:
    """The verdict on an answer; `payload` is None where its body is no JSON."""
    if reply.status in STATUSES:
        reaction, advice = STATUSES[reply.status]
        return Verdict(reaction, str(reply.status), advice)
    if reply.status != 200 or not isinstance(payload, dict):
        return None
    if "result" in payload:
        return Verdict("ok")
    error = payload.get("error")
    if not isinstance(error, list) or not error:
        return None
    known = error[0] if isinstance(error[0], str) and error[0] in ERRORS else ""
    reaction, advice = ERRORS.get(known, FAULT)
    return Verdict(reaction, known or "an error of the server", advice)
