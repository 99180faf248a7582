"""The CRM's HTTP face: every request goes through sign-in, quota and permission.

Failures travel as HTTP 200 with an errorCode, as the vendor's do.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.administration import dialect_of
from sandbox.auth import Auth, Caller
from sandbox.dialect_objects import DialectObjects
from sandbox.endpoints import Answered, Api, Asked, World
from sandbox.errors import TOKEN_INVALID, CrmError
from sandbox.fxiaoke_objects import Objects
from sandbox.query import refuse
from sandbox.quota import Quota

Reply = Callable[[Mapping[str, Any], Caller], dict[str, Any]]
MOST_RECEIVERS = 500
PRESET, CUSTOM = "/cgi/crm/v2", "/cgi/crm/custom/v2"


class Crm(Api):
    """One tenant's CRM: its endpoints, and what tests may set."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.auth, self.quota = Auth(world.rules), Quota(world.rules)
        self.objects = Objects(world.store, world.clock, world.rules)
        if (words := dialect_of(world.store)).name != "standard":
            self.objects = DialectObjects(world.store, world.clock, world.rules, words)
        self._traces = 0

    def routes(self) -> list[Route]:
        """The CRM's endpoints."""
        objects = self.objects
        calls: dict[str, Reply] = {
            "query": objects.query,
            "findOne": objects.find_one,
            "get": objects.get,
            "update": objects.update,
        }
        metadata: dict[str, Reply] = {"object/list": objects.list_objects, "object/describe": objects.describe}
        served = [
            self.route(f"{prefix}/{path}", endpoint, self._data(f"{prefix}/{path}", reply))
            for prefix in (PRESET, CUSTOM)
            for path, endpoint, reply in [
                *((f"data/{name}", name, reply) for name, reply in calls.items()),
                *((name, name, reply) for name, reply in metadata.items()),
            ]
        ]
        by_mobile, to_people = "/cgi/user/getByMobile", "/cgi/message/send"
        return [
            self.route("/oauth2.0/token", "token", self._token("AT")),
            self.route("/cgi/corpAccessToken/get/V2", "token", self._token("CAT")),
            self.route(by_mobile, "user", self._signed(by_mobile, self._employees)),
            self.route(to_people, "message", self._signed(to_people, _take_message)),
            *served,
        ]

    def object_of(self, request: Request, body: Mapping[str, Any]) -> str:
        """The object's API name."""
        data = body.get("data")
        if not isinstance(data, dict):
            return ""
        row = data.get("object_data")
        named = row if isinstance(row, dict) else data
        return str(named.get("dataObjectApiName") or named.get("apiName") or "")

    def expire(self) -> Answered:
        """Every token is forgotten; the next request hears that its own has expired."""
        self.auth.forget_tokens()
        return Answered(self._envelope(TOKEN_INVALID, "the token has expired"), code=TOKEN_INVALID)

    def refused(self, code: str) -> Answered:
        """An envelope with the planted errorCode."""
        return Answered(self._envelope(int(code), "planted by a test"), code=int(code))

    def emptied(self, answered: Answered) -> Answered:
        """A page without its records."""
        data = answered.payload.get("data", {})
        if "dataList" not in data:
            return answered
        return replace(answered, payload={**answered.payload, "data": {**data, "dataList": []}})

    def _token(self, style: str) -> Callable[[Asked], Answered]:
        def reply(asked: Asked) -> dict[str, Any]:
            self.quota.spend_token(self.world.clock.seconds())
            return self.auth.token(asked.json or {}, style)

        return lambda asked: self._enveloped(asked, reply)

    def _employees(self, body: Mapping[str, Any], _caller: Caller) -> dict[str, Any]:
        return {"empList": self.objects.employees_by_mobile(body.get("mobile"))}

    def _data(self, path: str, reply: Reply) -> Callable[[Asked], Answered]:
        return self._signed(path, lambda body, caller: {"data": self._listed(reply(body, caller))})

    def _listed(self, data: dict[str, Any]) -> dict[str, Any]:
        """The data of an answer; where a switch says so, a single record stands for the list of one."""
        found = data.get("dataList")
        is_map = self.world.rules.fxiaoke_sends_map and isinstance(found, list) and len(found) == 1
        return {**data, "dataList": found[0]} if is_map and found else data

    def _signed(self, path: str, reply: Reply) -> Callable[[Asked], Answered]:
        def judged(asked: Asked) -> dict[str, Any]:
            caller = self.auth.caller(asked.request.headers, asked.json or {}, self.objects.is_employee)
            self.quota.spend(path, self.world.clock.seconds(), self.world.store.day())
            if asked.object and asked.object.endswith("__c") != path.startswith(CUSTOM):
                raise refuse(f"{asked.object} is not served under {path}")
            return reply(asked.json or {}, caller)

        return lambda asked: self._enveloped(asked, judged)

    def _enveloped(self, asked: Asked, reply: Callable[[Asked], dict[str, Any]]) -> Answered:
        try:
            if asked.json is None:
                raise refuse("the body is no JSON object")
            payload = self._envelope(0, "OK") | reply(asked)
        except CrmError as error:
            return Answered(self._envelope(error.code, error.message), code=error.code)
        found = payload.get("data", {}).get("dataList", ())
        return Answered(payload, code=0, rows=1 if isinstance(found, dict) else len(found))

    def _envelope(self, code: int, message: str) -> dict[str, Any]:
        self._traces += 1
        return {
            "errorCode": code,
            "errorMessage": message,
            "errorDescription": "success" if code == 0 else "fail",
            "traceId": f"E-O.sandbox-{self._traces}",
        }


def _take_message(body: Mapping[str, Any], _caller: Caller) -> dict[str, Any]:
    """A text to at most 500 people; the journal of requests shows that it came."""
    people, text = body.get("toUser"), body.get("text")
    if not isinstance(people, list) or not 1 <= len(people) <= MOST_RECEIVERS:
        raise refuse(f"a message goes to 1 to {MOST_RECEIVERS} people in toUser")
    if body.get("msgType") != "text" or not isinstance(text, dict) or not text.get("content"):
        raise refuse("a message is of msgType text and carries text.content")
    return {}
