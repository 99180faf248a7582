"""What Kingdee's answers ask of us, and how its bodies are read: refusals come as HTTP 200.

A refusal is an object `{"Result": {"ResponseStatus": …}}`, bare or inside `[[…]]`, sometimes JSON encoded twice, or plain text that starts
with `response_error:`. MsgCode 1 is a lost session; all other cases differ by their text alone, so the patterns stand in one table.
"""

import re
from typing import Any

import orjson

from connectors.calls import Reaction, Verdict
from connectors.decoding import UndecodableError, decode
from connectors.http import Reply, Request, Transport

SESSION_LOST = 1  # MsgCode
FAILED = "response_error"
FAILED_TEXT = b"response_error:"
SHOWN = 160  # characters of the server's own words that an error may quote
GRANT = "let the ERP's administrator grant the integration user the form"
REACTIONS: list[tuple[str, Reaction, str]] = [  # pattern of the message → (reaction, what a person does about it)
    (
        r"会话信息已丢失|重新登录",
        "refresh",
        "sign-in is lost again and again: check LANDFALL_KINGDEE_APP_ID, _ACCOUNT_ID and _USER",
    ),
    (r"标识为.*的字段不存在", "skip", "correct the field in the tenant's kingdee.yml"),
    (r"业务对象不存在", "skip", "correct the form in the tenant's kingdee.yml, or remove the stream"),
    (r"没有.*权限", "skip", GRANT),
]


class KingdeeTransport(Transport):
    """A transport that puts refusals in plain text into the usual envelope."""

    def send(self, request: Request) -> Reply:
        """Send once, as `Transport` does."""
        reply = super().send(request)
        text = reply.body.lstrip()
        if not text.startswith(FAILED_TEXT):
            return reply
        said = {"Message": text[len(FAILED_TEXT) :].decode("utf-8", "replace")}
        status = {"ErrorCode": FAILED, "IsSuccess": False, "Errors": [said]}
        return Reply(reply.status, orjson.dumps({"Result": {"ResponseStatus": status}}), reply.headers)


def unwrapped(payload: Any) -> Any:
    """The body's value; a text that is JSON again is decoded once more."""
    if not isinstance(payload, str):
        return payload
    try:
        return decode(payload.encode("utf-8", "surrogatepass"))
    except UndecodableError:
        return payload


def judge(reply: Reply, payload: Any) -> Verdict | None:
    """The verdict on rows (a list of lists), on `{"Result": …}` and on the answer of a sign-in."""
    found = unwrapped(payload)
    status = _status(found)
    if status is not None:
        return Verdict("ok") if status.get("IsSuccess") is True else _refusal(status)
    if isinstance(found, dict) and isinstance(found.get("LoginResultType"), int):
        if found["LoginResultType"] == 1:
            return Verdict("ok")
        advice = "correct LANDFALL_KINGDEE_APP_SECRET, _APP_ID, _ACCOUNT_ID or _USER"
        return Verdict("stop", f"LoginResultType {found['LoginResultType']}", advice)
    if isinstance(found, list) and all(isinstance(row, list) for row in found):
        return Verdict("ok")
    return None


def _status(found: Any) -> dict[str, Any] | None:
    """The ResponseStatus of an answer, None where there is none."""
    while isinstance(found, list) and found:
        found = found[0]
    result = found.get("Result") if isinstance(found, dict) else None
    status = result.get("ResponseStatus") if isinstance(result, dict) else None
    return status if isinstance(status, dict) else None


def _refusal(status: dict[str, Any]) -> Verdict:
    errors = status.get("Errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    message = str(first.get("Message") or "")
    if status.get("MsgCode") == SESSION_LOST:
        return Verdict("refresh", _shown(message), REACTIONS[0][2])
    if status.get("ErrorCode") == FAILED:
        return Verdict("back_off", _shown(message) or FAILED, "the server failed: look into its log")
    for pattern, reaction, advice in REACTIONS:
        if re.search(pattern, message):
            return Verdict(reaction, _shown(message), advice)
    return Verdict("skip", _shown(message) or str(status.get("ErrorCode", "")), "look the message up with its support")


def _shown(message: str) -> str:
    return " ".join(message.split())[:SHOWN]
