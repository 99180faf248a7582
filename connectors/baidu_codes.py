"""What Baidu's answers ask of us: `header.status` of an HTTP 200 answer, and the first of `header.failures`.

Codes are those of the vendor's published list of system errors; messages are never looked at. The server that renews tokens answers in an
envelope of its own, {code, message, data}.
"""

from typing import Any

from connectors.calls import Reaction, Verdict
from connectors.http import Reply

BUSY, TOKEN, RIGHTS = (800, 8601, 8602, 8604, 8605, 8606), (8401, 8402, 8403), (8408, 8409, 8410, 8411, 8412)
AGAIN = "let the account's owner authorise the app again and set LANDFALL_BAIDU_REFRESH_TOKEN"
REACTIONS: dict[int, tuple[Reaction, str]] = {  # code of a failure → (reaction, what a person does about it)
    **dict.fromkeys(BUSY, ("back_off", "the service is busy: wait some minutes")),
    **dict.fromkeys(TOKEN, ("refresh", AGAIN)),
    **dict.fromkeys(RIGHTS, ("stop", AGAIN)),
    421: ("back_off", "requests are too fast: wait some minutes"),
    801: ("stop", f"too many wrong sign-ins: {AGAIN}"),
    8101: ("stop", "set LANDFALL_BAIDU_USER_NAME"),
    8102: ("stop", "correct LANDFALL_BAIDU_USER_NAME"),
    8103: ("stop", "correct LANDFALL_BAIDU_USER_NAME"),
    8104: ("stop", AGAIN),
    8501: ("stop", "the account's quota is spent: wait until midnight or buy more"),
}
SYSTEM_ERROR = 3  # header.status of a failure on the vendor's side


def judge(reply: Reply, payload: Any) -> Verdict | None:
    """The verdict on {header: {status, failures}, body}."""
    header = payload.get("header") if isinstance(payload, dict) else None
    if reply.status != 200 or not isinstance(header, dict) or not isinstance(header.get("status"), int):
        return None
    if header["status"] == 0:
        return Verdict("ok")
    failures = header.get("failures")
    first = failures[0] if isinstance(failures, list) and failures and isinstance(failures[0], dict) else {}
    code, trace = first.get("code"), str(header.get("traceid", ""))
    if isinstance(code, int) and code in REACTIONS:
        reaction, advice = REACTIONS[code]
        return Verdict(reaction, str(code), advice, trace)
    if header["status"] == SYSTEM_ERROR:
        return Verdict("back_off", str(code or "status 3"), "the service failed: wait some minutes", trace)
    return Verdict("skip", str(code or f"status {header['status']}"), "", trace)


def judge_renewal(reply: Reply, payload: Any) -> Verdict | None:
    """The verdict on the answer of the server that renews tokens."""
    if reply.status != 200 or not isinstance(payload, dict) or not isinstance(payload.get("code"), int):
        return None
    code = payload["code"]
    return Verdict("ok") if code == 0 else Verdict("stop", str(code), AGAIN)
