"""The only HTTP client: one request at a time to one host, with a deadline, a size cap and retries that rebuild the request.

In: a function that builds the request anew for each attempt (a token or a signature may have changed). Out: status and body. Errors tell
whether the server can have acted on the request, and never show addresses with parameters, headers or bodies.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from warehouse.steps import StepError

LONGEST_WAIT_S = 300.0
RETRIED = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Request:
    """One POST: path below the base address, query parameters, headers, body."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes


class UnansweredError(Exception):
    """No usable answer. `is_sent`: the server may have acted on the request; `retry_after_s`: what it asked us to wait."""

    def __init__(self, message: str, *, is_sent: bool, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.is_sent = is_sent
        self.retry_after_s = retry_after_s


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Transport:
    """Requests to `base_url` alone: no redirect is followed, no proxy or certificate setting is taken from the environment."""

    def __init__(self, system: str, base_url: str, *, deadline_s: float, most_bytes: int = 32_000_000) -> None:
        parts = urlsplit(base_url)
        if not parts.hostname or parts.scheme not in {"http", "https"} or parts.username:
            raise StepError(
                f"the address of {system} is not a web address: correct LANDFALL_{system.upper()}_BASE_URL, then rerun"
            )
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise StepError(
                f"the address of {system} is not encrypted: begin LANDFALL_{system.upper()}_BASE_URL with https://, then rerun"
            )
        self.system, self._where, self._deadline_s, self._most_bytes = (
            system,
            f"{parts.scheme}://{parts.netloc}",
            deadline_s,
            most_bytes,
        )
        self._base = base_url.rstrip("/")
        patience = httpx.Timeout(deadline_s, connect=min(10.0, deadline_s))
        self._client = httpx.Client(timeout=patience, follow_redirects=False, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def post(self, request: Request) -> bytes:
        """Send once and return the body of a 200 answer. Raises UnansweredError, or StepError for a refused redirect or status."""
        ends = time.monotonic() + self._deadline_s
        headers = {"content-type": "application/json", "accept-encoding": "identity", **request.headers}
        url = self._base + request.path
        try:
            with self._client.stream(
                "POST", url, params=request.params, headers=headers, content=request.body
            ) as reply:
                self._judge(reply)
                return self._read(reply, ends)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise UnansweredError(
                f"{self.system} at {self._where} cannot be reached ({type(error).__name__})", is_sent=False
            ) from None
        except httpx.HTTPError as error:
            raise UnansweredError(
                f"{self.system} broke off its answer ({type(error).__name__})", is_sent=True
            ) from None

    def _judge(self, reply: httpx.Response) -> None:
        if reply.status_code in RETRIED:
            message = f"{self.system} answers HTTP {reply.status_code}"
            raise UnansweredError(
                message, is_sent=reply.status_code != 429, retry_after_s=retry_after(reply.headers.get("retry-after"))
            )
        if reply.is_redirect:
            raise StepError(
                f"{self.system} at {self._where} answers with a redirect, which is not followed: "
                f"correct LANDFALL_{self.system.upper()}_BASE_URL, then rerun"
            )
        if reply.status_code != 200:
            raise StepError(
                f"{self.system} at {self._where} answers HTTP {reply.status_code}: "
                f"check LANDFALL_{self.system.upper()}_BASE_URL and the network between, then rerun"
            )
        if reply.headers.get("content-encoding", "identity") != "identity":
            raise StepError(
                f"{self.system} sent a compressed answer that was not asked for: check what stands between, then rerun"
            )

    def _read(self, reply: httpx.Response, ends: float) -> bytes:
        body = bytearray()
        for chunk in reply.iter_raw():
            body += chunk
            if len(body) > self._most_bytes:
                raise StepError(
                    f"{self.system} sent more than {self._most_bytes} bytes for one page: ask for fewer records, then rerun"
                )
            if time.monotonic() > ends:
                raise UnansweredError(
                    f"{self.system} took longer than {self._deadline_s:g} s for one answer", is_sent=True
                )
        return bytes(body)


def retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header (seconds or an HTTP date) asks for, capped at five minutes; None without a usable one."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


class Patience:
    """How often and how long to wait: exponential with jitter, a server's wish first. Counts waits; `pause` sleeps."""

    def __init__(self, attempts: int = 5, base_s: float = 0.5, pause: Callable[[float], None] = time.sleep) -> None:
        self.attempts, self._base_s, self._pause = attempts, base_s, pause
        self.waits, self.waited_s = 0, 0.0

    def wait(self, attempt: int, wished_s: float | None = None) -> None:
        """Wait before attempt number `attempt` + 1."""
        jittered = self._base_s * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - spreads requests, guards nothing
        seconds = min(jittered if wished_s is None else max(wished_s, 0.0), LONGEST_WAIT_S)
        self.waits += 1
        self.waited_s += seconds
        self._pause(seconds)


class Pace:
    """At most `per_window` requests in `window_s` seconds for each endpoint, by spacing them; 0 means no limit."""

    def __init__(self, per_window: int, window_s: float = 20.0, pause: Callable[[float], None] = time.sleep) -> None:
        self._space_s = window_s / per_window if per_window else 0.0
        self._pause = pause
        self._next: dict[str, float] = {}

    def take(self, endpoint: str) -> None:
        """Wait until the endpoint may be called again."""
        now = time.monotonic()
        due = max(self._next.get(endpoint, now), now)
        self._next[endpoint] = due + self._space_s
        if due > now:
            self._pause(due - now)
