"""What DingTalk's two gateways ask of us: reaction, and what a person does when we cannot go on.

Version 1.0 fails with an HTTP status and {code, message, requestid}, the older gateway with HTTP 200 and an `errcode`. A caller that was
shut out by its address gets a web page or {status: 1111}: it waits five minutes.
"""

from typing import Any

from connectors.calls import Reaction, Verdict
from connectors.http import Reply

SHUT_OUT = 1111
SHUT_OUT_WAIT_S = 300.0
TOO_FAST = "requests are too fast: lower LANDFALL_DINGTALK_REQUESTS_PER_20S"
REFUSED_TOKEN = "the token is refused again and again: check the app's state in the DingTalk console"  # noqa: S105 - a sentence
MONTH_SPENT = "the month's calls are spent: wait for the next month or buy more"
GRANT = "grant the app the scope that the message names in the DingTalk console"
GOOD = ("result", "results", "accessToken")
REACTIONS: dict[str, tuple[Reaction, str]] = {  # errcode or code → (reaction, what a person does about it)
    "0": ("ok", ""),
    "-1": ("back_off", "the service is busy: wait some minutes"),
    "40014": ("refresh", REFUSED_TOKEN),
    "42001": ("refresh", REFUSED_TOKEN),
    "InvalidAuthentication": ("refresh", REFUSED_TOKEN),
    "40089": ("stop", "correct LANDFALL_DINGTALK_APP_KEY and LANDFALL_DINGTALK_APP_SECRET"),
    "invalidClientIdOrSecret": ("stop", "correct LANDFALL_DINGTALK_APP_KEY and LANDFALL_DINGTALK_APP_SECRET"),
    "90002": ("back_off", TOO_FAST),
    "90018": ("back_off", TOO_FAST),
    "90019": ("back_off", TOO_FAST),
    "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi": ("back_off", TOO_FAST),
    "request.too.frequent": ("back_off", TOO_FAST),
    "crm.request.too.frequent": ("back_off", TOO_FAST),
    "90020": ("stop", MONTH_SPENT),
    "Forbidden.AccessDenied.ApiCountLimitForOrg": ("stop", MONTH_SPENT),
    "crm.not.installed": ("stop", "let the administrator install the official customer management (客户管理)"),
    "Forbidden.AccessDenied.AccessTokenPermissionDenied": ("skip", GRANT),
    "crm.data.locked": ("unknown", "the customer is locked: finish or withdraw its approval"),  # the code is a guess
    "40035": ("skip", "there is no such template of logs: correct `templates` in the mapping"),
    "88": ("skip", GRANT),
}


def judge(reply: Reply, payload: Any) -> Verdict | None:
    """The verdict on an answer of either gateway; an unknown code concerns this request alone."""
    if not isinstance(payload, dict):
        return None
    if payload.get("status") == SHUT_OUT:
        return Verdict("back_off", str(SHUT_OUT), TOO_FAST, wait_s=SHUT_OUT_WAIT_S)
    if reply.status == 200 and any(name in payload for name in GOOD) and payload.get("errcode", 0) == 0:
        return Verdict("ok")
    code = payload.get("errcode") if reply.status == 200 else payload.get("code")
    if code is None:
        return None
    reaction, advice = REACTIONS.get(str(code), ("unknown" if reply.status >= 500 else _of_token(str(code)), ""))
    return Verdict(reaction, str(code), advice, str(payload.get("requestid") or payload.get("request_id") or ""))


def _of_token(code: str) -> Reaction:
    """The exact code of a token that ended is not documented: one that names it counts as such."""
    return "refresh" if "token" in code.lower() and "permission" not in code.lower() else "skip"
