"""What the answers of chat systems ask of us: reaction, and what a person does when we cannot go on.

WeCom, DingTalk's robot and Feishu answer HTTP 200 with a code in the body; DingTalk's new gateway answers HTTP 4xx and 5xx with one. An
unknown code is tried again and then kept as failed. Messages are never looked at.
"""

from collections.abc import Mapping
from typing import Any

from connectors.calls import Judge, Reaction, Verdict
from connectors.http import Reply

Codes = Mapping[str, tuple[Reaction, str]]
MINUTE_S = 60.0

WECOM: Codes = {
    "0": ("ok", ""),
    "-1": ("back_off", "the service is busy: wait some minutes"),
    "40014": ("refresh", "the token is refused again and again: check the app in the WeCom console"),
    "42001": ("refresh", "the token is refused again and again: check the app in the WeCom console"),
    "41001": ("refresh", "the token is refused again and again: check the app in the WeCom console"),
    "40001": ("stop", "correct LANDFALL_NOTIFY_WECOM_SECRET"),
    "45009": ("back_off", "messages are too fast: lower alert_rule most_per_day"),
    "45033": ("back_off", "messages are too fast: lower alert_rule most_per_day"),
    "60020": ("stop", "add this machine's address to the app's trusted ones in the WeCom console"),
    "48002": ("stop", "let the app send messages in the WeCom console"),
    "60011": ("stop", "let the app see these people in the WeCom console"),
    "84061": ("skip", "correct the person's id in the contacts"),
    "81013": ("skip", "correct the people's ids in the contacts, or let the app see them"),
    "93000": ("stop", "correct LANDFALL_NOTIFY_WECOM_ROBOT_KEY"),
}
DINGTALK_ROBOT: Codes = {
    "0": ("ok", ""),
    "130101": ("back_off", "messages are too fast: lower alert_rule most_per_day"),
    "310000": ("stop", "correct LANDFALL_NOTIFY_DINGTALK_ROBOT_SECRET, or the robot's keywords and addresses"),
    "300001": ("stop", "correct LANDFALL_NOTIFY_DINGTALK_ROBOT_TOKEN"),
    "90030": ("stop", "the month's free messages are spent: wait for the next or buy more"),
}
FEISHU: Codes = {
    "0": ("ok", ""),
    "11232": ("back_off", "messages are too fast: lower alert_rule most_per_day"),
    "19001": ("stop", "correct LANDFALL_NOTIFY_FEISHU_ROBOT_TOKEN"),
    "19021": ("stop", "correct LANDFALL_NOTIFY_FEISHU_ROBOT_SECRET"),
    "19022": ("stop", "add this machine's address to the robot's trusted ones"),
    "19024": ("stop", "add one of the robot's keywords to its settings, or take them out"),
}
DINGTALK: Codes = {
    "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi": ("back_off", "calls are too fast: lower alert_rule most_per_day"),
    "Forbidden.AccessDenied.ApiCountLimitForOrg": (
        "stop",
        "the month's calls are spent: wait for the next or buy more",
    ),
    "InvalidAuthentication": ("refresh", "the token is refused again and again: check the app in the DingTalk console"),
    "invalidParameter.robotCode.empty": ("stop", "correct LANDFALL_NOTIFY_DINGTALK_ROBOT_CODE"),
}


def by_code(codes: Codes, *names: str) -> Judge:
    """A judge of envelopes whose code is the first of `names` that the body has."""

    def judge(reply: Reply, payload: Any) -> Verdict | None:
        found = [str(payload[name]) for name in names if name in payload] if isinstance(payload, dict) else []
        if reply.status != 200 or not found:
            return None
        reaction, advice = codes.get(found[0], ("unknown", ""))
        slow = MINUTE_S if reaction == "back_off" and found[0] != "-1" else None
        return Verdict(reaction, found[0], advice, wait_s=slow)

    return judge


def dingtalk(reply: Reply, payload: Any) -> Verdict | None:
    """A judge of DingTalk's new gateway: an answer without `code` is a good one; a code that names the token has it renewed."""
    if not isinstance(payload, dict):
        return None
    code = str(payload.get("code", ""))
    if not code:
        return Verdict("ok") if reply.status == 200 else None
    reaction, advice = DINGTALK.get(code, ("refresh" if "token" in code.lower() else "unknown", ""))
    return Verdict(reaction, code, advice, str(payload.get("requestid", "")))


def webhook(reply: Reply, _payload: Any) -> Verdict | None:
    """A judge of somebody's own receiver: any 2xx is good, too fast and broken ones are tried again, a refusal stops."""
    if reply.status < 300:
        return Verdict("ok")
    if reply.status == 429 or reply.status >= 500:
        return None
    return Verdict("stop", str(reply.status), "correct LANDFALL_NOTIFY_WEBHOOK_BASE_URL or its secret")
