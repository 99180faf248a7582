"""What Salesforce's answers ask of us: reaction, and what a person does when we cannot go on.

A refusal is a list of {message, errorCode} with an HTTP status, at sign-in {error, error_description}; messages can quote records and are
never looked at. Rows of a collection that fail come inside HTTP 200 and are the writer's business.
"""

from typing import Any

from connectors.calls import Reaction, Verdict
from connectors.http import Reply

ENVELOPES = {
    "records",
    "access_token",
    "fields",
    "sobjects",
    "state",
}  # one of them is in every good answer that is an object
SIGN_IN = "correct LANDFALL_SALESFORCE_CLIENT_ID and its secret or key, and let the app use that flow (client credentials, JWT bearer)"
ERRORS: dict[str, tuple[Reaction, str]] = {  # errorCode → (reaction, what a person does about it)
    "INVALID_SESSION_ID": ("refresh", "the token is refused again and again: look at the session policy of the connected app"),
    "SERVER_UNAVAILABLE": ("back_off", "the org is busy: wait some minutes"),
    "UNABLE_TO_LOCK_ROW": ("back_off", "records are locked by others: wait some minutes"),
    "QUERY_TIMEOUT": ("back_off", "the query takes too long: lower LANDFALL_SALESFORCE_BULK_ROWS, so that a job reads it"),
    "REQUEST_LIMIT_EXCEEDED": ("stop", "the org's requests of 24 hours are spent: wait, or buy more"),
    "API_DISABLED_FOR_ORG": ("stop", "let the edition and the profile of the integration user have API access"),
    "API_CURRENTLY_DISABLED": ("stop", "let the edition and the profile of the integration user have API access"),
    "UNSUPPORTED_API_VERSION": ("stop", "correct LANDFALL_SALESFORCE_API_VERSION"),
    "INVALID_FIELD": ("skip", "give the integration user read access to the mapped fields, or correct the mapping"),
    "INVALID_TYPE": ("skip", "give the integration user read access to the object, or correct the mapping"),
    "INSUFFICIENT_ACCESS": ("skip", "give the integration user read access to the object"),
    "NOT_FOUND": ("skip", "give the integration user access to the object, or correct the mapping"),
    "MALFORMED_QUERY": ("skip", "correct the mapping's names of fields"),
    "INVALID_QUERY_LOCATOR": ("skip", "the answer was left lying too long"),
}  # fmt: skip


def judge(reply: Reply, payload: Any) -> Verdict | None:
    """The verdict on an answer; an unknown code concerns this object alone, unless the org itself failed."""
    if isinstance(payload, list) and payload and isinstance(payload[0], dict) and "errorCode" in payload[0]:
        code = str(payload[0]["errorCode"])
        reaction, advice = ERRORS.get(code, ("unknown" if reply.status >= 500 else "skip", ""))
        return Verdict(reaction, code, advice)
    if reply.status in (201, 204) and not reply.body:  # a file was taken, a job deleted
        return Verdict("ok")
    if isinstance(payload, dict) and isinstance(payload.get("error"), str):
        return Verdict("stop", payload["error"], SIGN_IN)
    is_good = isinstance(payload, list) or (
        isinstance(payload, dict) and bool(ENVELOPES & payload.keys()) and _is_whole(payload)
    )
    return Verdict("ok") if is_good and reply.status in (200, 201) else None


def _is_whole(payload: dict[str, Any]) -> bool:
    """Whether an answer to a query counts its records and says where it goes on; other answers are."""
    if "records" not in payload:
        return True
    goes_on = payload.get("done") is True or isinstance(payload.get("nextRecordsUrl"), str)
    return isinstance(payload["records"], list) and isinstance(payload.get("totalSize"), int) and goes_on
