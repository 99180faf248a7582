"""Baidu's face of the company's search advertising: leads by kind and window, in local time. Served under /baidu.

Failures travel as HTTP 200 with a status in the header, as the vendor's do.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.bearer import Bearer
from sandbox.channels import Channels, Inquiry, channel_lead_id
from sandbox.clock import ZONE
from sandbox.endpoints import Answered, Api, Asked, World

USER, APP, SECRET, REFRESH = "sandbox_account", "sandbox-app", "sandbox-baidu-secret", "sandbox-baidu-refresh"
KINDS = (
    "form",
    "form",
    "form",
    "form",
    "form",
    "consult",
    "consult",
    "phone",
    "wechat",
    "callback",
)  # by chance, as often as listed
ASKABLE = {*KINDS, "follow"}
LONGEST = timedelta(days=30)
TOKEN_INVALID, BAD_PARAMETER, NO_USER = 8402, 9105, 8102


class Baidu(Api):
    """One advertiser's account."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.channels = Channels(world.store)
        self.bearer = Bearer(world.rules, REFRESH, rotates=True)

    def routes(self) -> list[Route]:
        """The leads service and the token server."""
        leads = "/baidu/json/sms/service/LeadsNoticeService/getNoticeList"
        return [
            self.route(leads, "baidu_leads", self._leads),
            self.route("/baidu/oauth/refreshToken", "baidu_token", self._renew),
        ]

    def object_of(self, request: Request, body: Mapping[str, Any]) -> str:
        """The kind of leads asked for."""
        asked = body.get("body")
        return str(asked.get("solutionType", "")) if isinstance(asked, dict) else ""

    def expire(self) -> Answered:
        """Every access token is forgotten."""
        self.bearer.forget()
        return _failure(TOKEN_INVALID, "the token is invalid")

    def refused(self, code: str) -> Answered:
        """A failure with the planted code."""
        return _failure(int(code), "planted by a test")

    def emptied(self, answered: Answered) -> Answered:
        """No leads and none counted."""
        return replace(answered, payload=_found([], 0))

    def _renew(self, asked: Asked) -> Answered:
        given = asked.json or {}
        fresh = self.bearer.renew(str(given.get("refreshToken")))
        is_app = given.get("appId") == APP and self.world.rules.takes(
            "baidu_secret_key", SECRET, given.get("secretKey")
        )
        if not is_app or fresh is None:
            return Answered({"code": 1, "message": "the refresh token is void"}, code=1)
        life = int(self.world.rules.token_life_s)
        data = {"accessToken": fresh[0], "refreshToken": fresh[1], "expiresIn": life, "userId": given.get("userId")}
        return Answered({"code": 0, "message": "success", "data": data}, code=0)

    def _leads(self, asked: Asked) -> Answered:
        header, body = ((asked.json or {}).get(part) or {} for part in ("header", "body"))
        if header.get("userName") != USER:
            return _failure(NO_USER, "the username is invalid")
        if not self.bearer.holds(str(header.get("accessToken"))):
            return _failure(TOKEN_INVALID, "the token is invalid")
        if self.world.rules.baidu_wants_action and not header.get("action"):
            return _failure(BAD_PARAMETER, "the header names no action")
        try:
            start, end = (
                datetime.strptime(body[name], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
                for name in ("startDate", "endDate")
            )
            number, size = int(body["pageNo"]), int(body["pageSize"])
        except (KeyError, TypeError, ValueError):
            return _failure(BAD_PARAMETER, "the request parameters are malformed")
        if (
            asked.object not in ASKABLE
            or not start <= end < start + LONGEST
            or not 1 <= size <= self.world.rules.baidu_most_rows
            or number < 1
        ):
            return _failure(BAD_PARAMETER, "kind, window or page is out of range")
        held = self.channels.inquiries("baidu", _ms(start), _ms(end) + 1000)
        found = [each for each in held if KINDS[each.number % len(KINDS)] == asked.object]
        page = found[(number - 1) * size : number * size]
        return Answered(_found([_notice(each) for each in page], len(found)), code=0, rows=len(page))


def _found(rows: list[dict[str, Any]], total: int) -> dict[str, Any]:
    data = [{"totalNum": total, "noticeDetailList": rows}]
    return {"header": {"status": 0, "desc": "success", "failures": []}, "body": {"data": data}}


def _failure(code: int, message: str) -> Answered:
    failures = [{"code": code, "message": message}]
    return Answered({"header": {"status": 2, "desc": "failure", "failures": failures}, "body": {}}, code=code)


def _notice(inquiry: Inquiry) -> dict[str, Any]:
    word = ("数控机床", "自动化产线", "设备维保", "工业软件")[inquiry.number % 4]
    return {
        "clueId": channel_lead_id("baidu", inquiry.number),
        "commitTime": f"{datetime.fromtimestamp(inquiry.at_ms / 1000, ZONE):%Y-%m-%d %H:%M:%S}",
        "userName": USER,
        "cluePhoneNumber": inquiry.phone,
        "keyword": word,
        "searchWord": f"{word}价格",
        "campaignId": 11 + inquiry.number % 3,
        "campaignName": f"{('华东', '华南', '全国')[inquiry.number % 3]}-品牌",
        "connect": 1,
        "flowChannelName": "搜索",
    }


def _ms(instant: datetime) -> int:
    return int(instant.timestamp()) * 1000
