"""The service that takes leads in: `POST /ingest/leads/{source}`, signed by a secret that the sender shares with us.

In: `X-Timestamp` (seconds), `X-Signature` (hex HMAC-SHA256 of timestamp + "." + body), `Idempotency-Key`, a JSON object. Out: 202 once the
raw body is committed, which a night maps later; 401 for a signature that does not fit or is older than five minutes, 413 for a body that is
too long, 422 for one that is no lead. A repetition is answered like the first time and kept once. Nothing of a body is ever logged.
"""

import asyncio
import hmac
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from config.settings import settings
from connectors.webhook_signing import secrets, signature_of
from warehouse import inbox
from warehouse.connection import DatabaseUnreachableError

MOST_BYTES = 64_000  # a lead is a few hundred
SKEW_S = 300
SLOWEST_BODY_S = 10.0
KEY = re.compile(r"[!-~]{1,200}")


class RefusedEvent(Exception):  # noqa: N818 - a verdict on what was sent
    """What was sent is not taken in; `status` and a sentence for the sender."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def application(known: Mapping[str, str], now: Callable[[], float] = time.time) -> Starlette:
    """The service for senders `known` by name and secret. `now` serves the age of a signature alone."""

    async def ingest(request: Request) -> Response:
        try:
            raw = await asyncio.wait_for(_body(request), SLOWEST_BODY_S)
            event = _proven(request.path_params["source"], request.headers, raw, known, now())
            _judge_body(raw)
            became = await run_in_threadpool(inbox.keep, event)
            if became == "other":
                raise RefusedEvent(
                    422, "this Idempotency-Key came with another body before: give each lead a key of its own"
                )
        except RefusedEvent as refused:
            return _answer(refused.status, {"error": str(refused)})
        except TimeoutError:
            return _answer(408, {"error": "the body took too long: send it again"})
        except ClientDisconnect:
            return _answer(400, {"error": "the body broke off"})
        except DatabaseUnreachableError:
            return _answer(503, {"error": "nothing was kept: send it again later"}, {"retry-after": "60"})
        return _answer(202, {"id": event.event_id})

    async def alive(_request: Request) -> Response:
        return _answer(200, {"status": "up"})

    return Starlette(
        routes=[Route("/ingest/leads/{source}", ingest, methods=["POST"]), Route("/health", alive, methods=["GET"])]
    )


async def _body(request: Request) -> bytes:
    """The body, as long as it may be; a longer one is not read to its end."""
    kept = bytearray()
    async for chunk in request.stream():
        kept += chunk
        if len(kept) > MOST_BYTES:
            raise RefusedEvent(413, f"a lead has at most {MOST_BYTES} bytes")
    return bytes(kept)


def _proven(source: str, headers: Mapping[str, str], raw: bytes, known: Mapping[str, str], now: float) -> inbox.Event:
    """The event, its sender proven. An unknown sender, a wrong signature and an old one look alike from outside."""
    stamp, signature = headers.get("x-timestamp", ""), headers.get("x-signature", "").lower()
    expected = signature_of(known.get(source, "no such sender"), stamp, raw)
    is_signed = hmac.compare_digest(expected.encode(), signature.encode()) and source in known
    is_dated = stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and abs(now - int(stamp)) <= SKEW_S
    if not is_signed or not is_dated:
        raise RefusedEvent(401, "the signature does not fit the sender, the body and a time within five minutes")
    key = headers.get("idempotency-key", "")
    if not KEY.fullmatch(key):
        raise RefusedEvent(422, "Idempotency-Key is missing or longer than 200 characters: send the lead's own id")
    return inbox.Event(source, key, signature, datetime.fromtimestamp(int(stamp), UTC), raw)


def _judge_body(raw: bytes) -> None:
    try:
        is_lead = isinstance(orjson.loads(raw), dict)
    except orjson.JSONDecodeError:
        is_lead = False
    if not is_lead:
        raise RefusedEvent(422, "the body is no JSON object")


def _answer(status: int, payload: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(payload), status, dict(headers or {}), "application/json")


def serve() -> None:
    """Serve until the process is told to end."""
    now, app = settings(), application(secrets())
    print(f"leads are taken in at http://{now.webhook_host}:{now.webhook_port}/ingest/leads/<sender>", flush=True)
    uvicorn.run(app, host=now.webhook_host, port=now.webhook_port, log_config=None, access_log=False)
