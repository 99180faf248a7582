"""The CRM's HTTP face: every request goes through fault, sign-in, quota and permission, and is noted in the journal of requests.

Failures travel as HTTP 200 with an errorCode, as the vendor's do. Nothing here waits but a planted timeout.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.auth import Auth, Caller
from sandbox.clock import Clock
from sandbox.errors import TOKEN_INVALID, CrmError
from sandbox.faults import BEFORE, Faults, Rule
from sandbox.fxiaoke_objects import Objects
from sandbox.objects import LONE_SURROGATE_MARK
from sandbox.query import refuse
from sandbox.quota import Quota, Rules
from sandbox.store import Store

Handler = Callable[[Mapping[str, Any], Caller], dict[str, Any]]
PRESET, CUSTOM = "/cgi/crm/v2", "/cgi/crm/custom/v2"
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>\xe7\xba\xb7\xe4\xba\xab\xe9\x94\x80\xe5\xae\xa2</title></head><body>login</body></html>"


class BrokenOff(Response):
    """An answer of which only the first `sent` bytes arrive before the connection closes."""

    def __init__(self, body: bytes, sent: int) -> None:
        super().__init__(body, media_type="application/json")
        self._sent = body[:sent]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._sent, "more_body": True})


def render(payload: object) -> bytes:
    """JSON as the CRM sends it, with the half character where one was planted."""
    return orjson.dumps(payload).replace(LONE_SURROGATE_MARK.encode(), b"\\ud83d")


class Crm:
    """One tenant's CRM: its endpoints, and what tests may set."""

    def __init__(self, store: Store, clock: Clock, rules: Rules) -> None:
        self.store, self.clock, self.rules = store, clock, rules
        self.auth, self.quota, self.faults = Auth(rules), Quota(rules), Faults()
        self.objects = Objects(store, clock, rules)
        self._traces = 0

    def routes(self) -> list[Route]:
        """The CRM's endpoints."""
        objects = self.objects
        calls: dict[str, Handler] = {
            "data/query": objects.query,
            "data/findOne": objects.find_one,
            "data/get": objects.get,
            "data/update": objects.update,
            "object/list": objects.list_objects,
            "object/describe": objects.describe,
        }
        served = [
            self._route(f"{prefix}/{call}", call, handler)
            for prefix in (PRESET, CUSTOM)
            for call, handler in calls.items()
        ]
        return [
            self._route("/oauth2.0/token", "token", lambda body, _: self.auth.token(body, "AT")),
            self._route("/cgi/corpAccessToken/get/V2", "token", lambda body, _: self.auth.token(body, "CAT")),
            self._route(
                "/cgi/user/getByMobile",
                "user",
                lambda body, _: {"empList": objects.employees_by_mobile(body.get("mobile"))},
            ),
            *served,
        ]

    def _route(self, path: str, endpoint: str, handler: Handler) -> Route:
        async def serve(request: Request) -> Response:
            raw = await request.body()
            body = _parsed(raw)
            object_name = _object_named(body or {})
            fault = self.faults.next(endpoint.removeprefix("data/"), object_name)
            early = await self._early(request, fault, path, object_name)
            if early is not None:
                return early
            with self.store.transaction():
                code, payload = self._decide(request, path, endpoint, object_name, body, handler, fault)
                if fault and fault.kind == "empty" and "dataList" in payload.get("data", {}):
                    payload["data"]["dataList"] = []
                self._note(path, object_name, 200, code, payload, fault)
            return _late(render(payload), fault)

        return Route(path, serve, methods=["POST"])

    def _decide(
        self,
        request: Request,
        path: str,
        endpoint: str,
        object_name: str,
        body: dict[str, Any] | None,
        handler: Handler,
        fault: Rule | None,
    ) -> tuple[int, dict[str, Any]]:
        try:
            if fault and fault.kind.lstrip("-").isdigit():
                raise CrmError(int(fault.kind), "planted by a test")
            if body is None:
                raise refuse("the body is no JSON object")
            if endpoint == "token":
                self.quota.spend_token(self.clock.seconds())
                return 0, self._envelope(0, "OK") | handler(body, Caller("", is_legacy=False))
            caller = self.auth.caller(request.headers, body, self.objects.is_employee)
            self.quota.spend(path, self.clock.seconds(), self.store.day())
            if object_name and object_name.endswith("__c") != path.startswith(CUSTOM):
                raise refuse(f"{object_name} is not served under {path}")
            answer = handler(body, caller)
            return 0, self._envelope(0, "OK") | (answer if endpoint == "user" else {"data": answer})
        except CrmError as error:
            return error.code, self._envelope(error.code, error.message)

    async def _early(self, request: Request, fault: Rule | None, path: str, object_name: str) -> Response | None:
        """The answer of a fault that keeps the request from the CRM."""
        if fault is None or fault.kind not in BEFORE:
            return None
        payload: dict[str, Any] = {}
        response = Response(LOGIN_PAGE, media_type="text/html; charset=utf-8")
        if fault.kind == "token_expired":
            self.auth.forget_tokens()
            payload = self._envelope(TOKEN_INVALID, "the token has expired")
            response = Response(render(payload), media_type="application/json")
        elif fault.kind != "html_200":
            response = Response(
                b"upstream failed", status_code=500 if fault.kind == "http_500" else 504, media_type="text/plain"
            )
        self._note(path, object_name, response.status_code, payload.get("errorCode"), payload, fault)
        if fault.kind == "timeout":
            await _until_gone(request, fault.seconds)
        return response

    def _envelope(self, code: int, message: str) -> dict[str, Any]:
        self._traces += 1
        return {
            "errorCode": code,
            "errorMessage": message,
            "errorDescription": "success" if code == 0 else "fail",
            "traceId": f"E-O.sandbox-{self._traces}",
        }

    def _note(
        self, path: str, object_name: str, status: int, code: int | None, payload: Mapping[str, Any], fault: Rule | None
    ) -> None:
        rows = len(payload.get("data", {}).get("dataList", ()))
        self.store.note_request(
            self.clock.seconds(), path, object_name, status, code, rows, fault.kind if fault else None
        )


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def _object_named(body: Mapping[str, Any]) -> str:
    data = body.get("data")
    if not isinstance(data, dict):
        return ""
    row = data.get("object_data")
    named = row if isinstance(row, dict) else data
    return str(named.get("dataObjectApiName") or named.get("apiName") or "")


def _late(body: bytes, fault: Rule | None) -> Response:
    if fault and fault.kind == "truncated":
        return Response(body[: len(body) // 2], media_type="application/json")
    if fault and fault.kind == "reply_lost":
        return BrokenOff(body, 0)
    return Response(body, media_type="application/json")


async def _until_gone(request: Request, seconds: float) -> None:
    """Say nothing for `seconds`, or until the client hangs up."""

    async def hung_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            continue

    waiting = asyncio.create_task(hung_up())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
