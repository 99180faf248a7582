"""What all systems of the sandbox have in common on HTTP: planted faults first, then the handler in one transaction, then the journal.

A system is a subclass of `Api` that lists its routes and says how its tokens expire, how it refuses with a code of its own, and what an
empty page of it looks like. Nothing here waits but a planted timeout and the rules' round trip, and neither keeps other requests waiting.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.faults import Faults, Rule
from sandbox.objects import LONE_SURROGATE_MARK
from sandbox.quota import Rules
from sandbox.store import Store

LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>\xe4\xba\x91\xe5\xb2\xad\xe6\x99\xba\xe9\x80\xa0</title></head><body>login</body></html>"


@dataclass(frozen=True, slots=True)
class World:
    """One served company as every system of it sees it."""

    store: Store
    clock: Clock
    rules: Rules
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a handler sees it: `json` is None when the body is no JSON object; journal and faults name it by `object`."""

    request: Request
    raw: bytes
    json: dict[str, Any] | None
    object: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: `payload` is rendered as JSON unless it is bytes; `code` and `rows` go to the journal of requests."""

    payload: Any
    status: int = 200
    code: int | str | None = None
    rows: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


Handler = Callable[[Asked], Answered]


class BrokenOff(Response):
    """An answer of which only the first `sent` bytes arrive before the connection closes."""

    def __init__(self, body: bytes, sent: int) -> None:
        super().__init__(body, media_type="application/json")
        self._sent = body[:sent]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._sent, "more_body": True})


def render(payload: object) -> bytes:
    """JSON as a system sends it, with the half character where one was planted."""
    return orjson.dumps(payload).replace(LONE_SURROGATE_MARK.encode(), b"\\ud83d")


class Api:
    """One system's HTTP face."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._former: dict[tuple[str, str], Answered] = {}

    def routes(self) -> list[Route]:
        """The system's endpoints."""
        raise NotImplementedError

    def object_of(self, request: Request, body: Mapping[str, Any]) -> str:
        """What a request is about, as journal and faults name it."""
        return ""

    def expire(self) -> Answered:
        """Let every token expire at once; the answer that tells so."""
        raise NotImplementedError

    def refused(self, code: str) -> Answered:
        """The answer with an error code of the vendor's that a test planted."""
        raise NotImplementedError

    def emptied(self, answered: Answered) -> Answered:
        """The answer with its records left out."""
        raise NotImplementedError

    def route(self, path: str, endpoint: str, handler: Handler, methods: Sequence[str] = ("POST",)) -> Route:
        """The route of one endpoint; faults name it by `endpoint`."""

        async def serve(request: Request) -> Response:
            raw = await request.body()
            await asyncio.sleep(self.world.rules.round_trip_s)
            body = _parsed(raw)
            asked = Asked(request, raw, body, self.object_of(request, body or {}))
            fault = self.world.faults.next(endpoint, asked.object)
            early = self._early(fault)
            if early is not None:
                self._note(path, asked, early, fault)
                if fault and fault.kind == "timeout":
                    await _until_gone(request, fault.seconds)
                return _response(early)
            with self.world.store.transaction():
                answered = self.refused(fault.code) if fault and fault.code else handler(asked)
                if fault and fault.kind == "empty":
                    answered = replace(self.emptied(answered), rows=0)
                if fault and fault.kind == "repeated":
                    answered = self._former.get((endpoint, asked.object), answered)
                self._former[endpoint, asked.object] = answered
                self._note(path, asked, answered, fault)
            return _late(answered, fault)

        return Route(path, serve, methods=list(methods))

    def _early(self, fault: Rule | None) -> Answered | None:
        """The answer of a fault that keeps the request from the system."""
        if fault is None or not fault.is_early:
            return None
        if fault.kind == "token_expired":
            return self.expire()
        if fault.kind == "html_200":
            return Answered(LOGIN_PAGE, media_type="text/html; charset=utf-8")
        status = 504 if fault.kind == "timeout" else int(fault.kind.removeprefix("http_"))
        wait = {"retry-after": f"{fault.seconds:g}"} if status == 429 else {}
        return Answered(b"upstream failed", status, headers=wait, media_type="text/plain")

    def _note(self, path: str, asked: Asked, answered: Answered, fault: Rule | None) -> None:
        self.world.store.note_request(
            self.world.clock.seconds(), path, asked.object, answered.status, answered.code, answered.rows,
            fault.kind if fault else None,
        )  # fmt: skip


def _response(answered: Answered) -> Response:
    body = answered.payload if isinstance(answered.payload, bytes) else render(answered.payload)
    return Response(body, answered.status, dict(answered.headers), answered.media_type)


def _late(answered: Answered, fault: Rule | None) -> Response:
    response = _response(answered)
    if fault and fault.kind == "truncated":
        return Response(response.body[: len(response.body) // 2], media_type="application/json")
    if fault and fault.kind == "reply_lost":
        return BrokenOff(bytes(response.body), 0)
    return response


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


async def _until_gone(request: Request, seconds: float) -> None:
    """Say nothing for `seconds`, or until the client hangs up."""

    async def hung_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            continue

    waiting = asyncio.create_task(hung_up())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
