"""DingTalk's HTTP face: customers, follow-ups and logs of one team, under `/dingtalk/`; both of the vendor's gateways at one address.

Version 1.0 fails by HTTP status with {code, message, requestid}, the older gateway with HTTP 200 and an `errcode`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.chatting import DINGTALK_TEAM, Chatting
from sandbox.dingtalk_asked import BAD_ARGUMENT, LISTS, body_of, ids_in, page_of, rows_in, size_of
from sandbox.dingtalk_rows import KIND, customer_rows, follow_up_rows, log_rows
from sandbox.dingtalk_writes import write_relations, written
from sandbox.endpoints import Answered, Api, Asked, World
from sandbox.errors import TOO_FAST as CRM_TOO_FAST
from sandbox.errors import CrmError
from sandbox.quota import Quota, Rules
from sandbox.tickets import Tickets

BASE = "/dingtalk"
APP_KEY, APP_SECRET = "ding_sandbox", "sandbox-secret"
REQUESTS_PER_20S = 400
TOO_FAST = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
LEGACY_TOO_FAST, LEGACY_WRONG_TOKEN, NO_TEMPLATE = 90018, 40014, 40035
MOST_IDS = 100
Reply = Callable[[Mapping[str, Any]], dict[str, Any] | list[dict[str, Any]]]


class DingTalk(Api):
    """One tenant's DingTalk."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._tickets, self._chatting = Tickets(world.rules, "DT"), Chatting(world.store)
        self._older = Tickets(world.rules, "DTL")
        self._quota = Quota(Rules(requests_per_20s=REQUESTS_PER_20S, daily_quota=0))
        self._requests, self._is_legacy = 0, False

    def routes(self) -> list[Route]:
        """The endpoints of both gateways."""
        customers, follow_ups = "/v1.0/crm/customerInstances", "/v1.0/crm/targetFollowRecords/query"
        by_ids, relations = "/v1.0/crm/personalCustomers/batchQuery", "/v1.0/crm/relationDatas/batch"
        logs, templates = "/topapi/report/list", "/topapi/report/template/listbyuserid"
        return [
            self.route(f"{BASE}/v1.0/oauth2/accessToken", "token", self._token),
            self.route(f"{BASE}/gettoken", "token", self._legacy_token, ["GET"]),
            self.route(BASE + customers, "customerInstances", self._signed(self._customers)),
            self.route(BASE + follow_ups, "targetFollowRecords", self._signed(self._follow_ups)),
            self.route(BASE + by_ids, "batchQuery", self._signed(self._by_ids, given=ids_in)),
            self.route(BASE + relations, "relationDatas", self._signed(self._relations, name="results"), ["PUT"]),
            self.route(BASE + logs, "report/list", self._legacy_signed(self._logs)),
            self.route(BASE + templates, "report/template", self._legacy_signed(self._templates)),
        ]

    def object_of(self, request: Request, body: Mapping[str, Any]) -> str:
        """The kind of customer or the template that is asked for."""
        self._is_legacy = "/topapi/" in request.url.path
        names = ("objectType", "followTargetType", "relationType", "template_name")
        return next((str(body[name]) for name in names if body.get(name)), "")

    def expire(self) -> Answered:
        """The token is withdrawn."""
        self._tickets.forget()
        self._older.forget()
        return self.refused(str(LEGACY_WRONG_TOKEN) if self._is_legacy else "InvalidAuthentication")

    def refused(self, code: str) -> Answered:
        """An answer with the planted code, as the gateway of the request would send it."""
        if self._is_legacy:
            return Answered(
                {"errcode": int(code), "errmsg": "refused by the sandbox", "request_id": self._id()}, code=int(code)
            )
        is_forbidden = code == "crm.not.installed" or code.startswith("Forbidden.")
        status = 403 if is_forbidden else 401 if code == "InvalidAuthentication" else 400
        return Answered({"code": code, "message": "refused by the sandbox", "requestid": self._id()}, status, code)

    def emptied(self, answered: Answered) -> Answered:
        """A page without its records."""
        result = answered.payload.get("result", {})
        if not isinstance(result, dict):
            return replace(answered, payload={**answered.payload, "result": []})
        bare = {name: [] if name in LISTS else value for name, value in result.items()}
        return replace(answered, payload={**answered.payload, "result": bare})

    def _id(self) -> str:
        self._requests += 1
        return f"DT-{self._requests}"

    def _signs_in(self, key: object, secret: object) -> bool:
        return key == APP_KEY and self.world.rules.takes("dingtalk_app_secret", APP_SECRET, secret)

    def _token(self, asked: Asked) -> Answered:
        given = asked.json or {}
        if not self._signs_in(given.get("appKey"), given.get("appSecret")):
            return self.refused("invalidClientIdOrSecret")
        text, left = self._tickets.issue()
        return Answered({"accessToken": text, "expireIn": left})

    def _legacy_token(self, asked: Asked) -> Answered:
        given = asked.request.query_params
        if not self._signs_in(given.get("appkey"), given.get("appsecret")):
            return self._legacy(40089)
        text, left = (self._tickets if self.world.rules.dingtalk_shares_tokens else self._older).issue()
        return Answered({"errcode": 0, "errmsg": "ok", "access_token": text, "expires_in": left}, code=0)

    def _legacy(self, code: int) -> Answered:
        return Answered({"errcode": code, "errmsg": "refused by the sandbox"}, code=code)

    def _signed(
        self, reply: Reply, *, given: Callable[[Asked], Mapping[str, Any]] = body_of, name: str = "result"
    ) -> Callable[[Asked], Answered]:
        def judged(asked: Asked) -> Answered:
            if not self._tickets.holds(asked.request.headers.get("x-acs-dingtalk-access-token", "")):
                return self.refused("InvalidAuthentication")
            try:
                self._spend(asked)
                result = reply(given(asked))
            except CrmError as error:
                return self.refused(TOO_FAST if error.code == CRM_TOO_FAST else error.message)
            return Answered({name: result}, code=0, rows=rows_in(result))

        return judged

    def _legacy_signed(self, reply: Reply) -> Callable[[Asked], Answered]:
        def judged(asked: Asked) -> Answered:
            tickets = self._tickets if self.world.rules.dingtalk_shares_tokens else self._older
            if not tickets.holds(asked.request.query_params.get("access_token", "")):
                return self._legacy(LEGACY_WRONG_TOKEN)
            try:
                self._spend(asked)
                result = reply(asked.json or {})
            except CrmError as error:
                return self._legacy(LEGACY_TOO_FAST if error.code == CRM_TOO_FAST else error.code)
            return Answered({"errcode": 0, "result": result}, code=0, rows=rows_in(result))

        return judged

    def _spend(self, asked: Asked) -> None:
        self._quota.spend(asked.request.url.path, self.world.clock.seconds(), self.world.store.day())

    def _customers(self, given: Mapping[str, Any]) -> dict[str, Any]:
        size, rows = size_of(given), list[dict[str, Any]]()
        if given.get("objectType") == KIND and str(given.get("operatorUserId", "")).startswith("dt"):
            rows = self._all_customers()
        page, token = page_of(rows, given.get("nextToken"), size)
        return {"maxResults": size, "nextToken": token, "values": page}

    def _all_customers(self) -> list[dict[str, Any]]:
        world = self.world
        is_touched = world.rules.dingtalk_follow_ups_touch
        team = self._chatting.team(DINGTALK_TEAM)
        zone = world.rules.dingtalk_zone
        return customer_rows(team, world.clock.now_ms(), written(world.store), is_touched=is_touched, zone=zone)

    def _by_ids(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        if given.get("relationType") != KIND or len(given["ids"]) > MOST_IDS:
            raise CrmError(BAD_ARGUMENT, "invalidParameter.ids")
        return [row for row in self._all_customers() if row["instanceId"] in given["ids"]]

    def _relations(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        world = self.world
        return write_relations(
            world.store, self._chatting.team(DINGTALK_TEAM), world.rules, given, world.clock.now_ms()
        )

    def _follow_ups(self, given: Mapping[str, Any]) -> dict[str, Any]:
        target = str(given.get("followTargetDataId", "")).removeprefix("ins-")
        customer = self._chatting.team(DINGTALK_TEAM).customers.get(target)
        if customer is None or given.get("followTargetType") != KIND:
            raise CrmError(BAD_ARGUMENT, "crm.data.notExist")
        page, token = page_of(
            follow_up_rows(customer, self.world.clock.now_ms()), given.get("nextToken"), size_of(given)
        )
        return {"hasMore": bool(token), "nextToken": token, "resultList": page}

    def _logs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        template, rules = given.get("template_name"), self.world.rules
        if not template and rules.dingtalk_is_template_needed:
            raise CrmError(NO_TEMPLATE, "a template is named")
        start, size = int(given.get("cursor", 0)), int(given.get("size", 20))
        if not 0 < size <= 20:
            raise CrmError(BAD_ARGUMENT, "at most 20 logs a page")
        span = (int(given.get("start_time", 0)), int(given.get("end_time", 0)))
        team, now = self._chatting.team(DINGTALK_TEAM), self.world.clock.now_ms()
        rows = log_rows(team, span, template, now, is_modified_told=rules.dingtalk_tells_modified_logs)
        behind = start + size
        more = {"next_cursor": behind} if behind < len(rows) else {}
        return {"size": size, "has_more": bool(more), **more, "data_list": rows[start:behind]}

    def _templates(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {"template_list": [{"name": "日报", "report_code": "rc-1"}]}
