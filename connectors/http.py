"""The only HTTP client: requests to one host, also from several threads, with a deadline, a cap on bytes and on what they unpack to.

In: a request. Out: status, headers and unpacked body of whatever the server answered. Errors tell whether the server can have acted on
the request, and never show addresses with parameters, headers or bodies. Retrying is `connectors.calls`' business.
"""

import logging
import time
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urlsplit

import httpx

from config.settings import settings
from connectors.addresses import Pinned, Resolver, UnknownHostError, is_loopback, looked_up
from connectors.pacing import LONGEST_WAIT_S
from connectors.trust import distrusts, trusted
from warehouse.steps import StepError

logging.getLogger("httpx").setLevel(
    logging.WARNING
)  # it would log addresses, and some vendors want tokens and secrets in them

MOST_BYTES = 32_000_000
MOST_RATIO = 200  # JSON of records packs 5 to 30 times; a bomb a thousand times
SMALL = 1_000_000  # below it the ratio says nothing


@dataclass(frozen=True, slots=True)
class Request:
    """One request: path below the base address, query parameters, headers, body."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered; names of headers are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def retry_after_s(self) -> float | None:
        """How long the server asks us to wait."""
        return retry_after(self.headers.get("retry-after"))


class UnansweredError(Exception):
    """No usable answer. `is_sent`: the server may have acted on the request; `retry_after_s`: what it asked us to wait."""

    def __init__(self, message: str, *, is_sent: bool, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.is_sent = is_sent
        self.retry_after_s = retry_after_s


class Transport:
    """Requests to `base_url` alone, at the addresses that its host stood for first: no redirect is followed, no proxy or certificate
    setting is taken from the environment. `private_hosts`: hosts of the company's own network, by default those of the settings."""

    def __init__(
        self, system: str, base_url: str, *, deadline_s: float, most_bytes: int = MOST_BYTES, resolve: Resolver = looked_up,
        private_hosts: Collection[str] | None = None,
    ) -> None:  # fmt: skip
        parts, setting = urlsplit(base_url), f"LANDFALL_{system.upper()}_BASE_URL"
        if not parts.hostname or parts.scheme not in {"http", "https"} or parts.username:
            raise StepError(f"the address of {system} is not a web address: correct {setting}, then rerun")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise StepError(f"the address of {system} is not encrypted: begin {setting} with https://, then rerun")
        self.system, self.setting, self.where = system, setting, f"{parts.scheme}://{parts.netloc}"
        self._deadline_s, self._most_bytes, self._base = deadline_s, most_bytes, base_url.rstrip("/")
        self._host, self._name = parts.netloc, parts.hostname
        own = settings().private_hosts.split(",") if private_hosts is None else private_hosts
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._pinned = Pinned(system, setting, parts.hostname, port, resolve, [each.strip().lower() for each in own])
        patience = httpx.Timeout(deadline_s, connect=min(10.0, deadline_s))
        self._client = httpx.Client(timeout=patience, follow_redirects=False, trust_env=False, verify=trusted())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, request: Request) -> Reply:
        """Send once. Raises UnansweredError when no whole answer came, StepError for a path elsewhere, a redirect, or too much of it."""
        if not request.path.startswith("/") or request.path.startswith("//") or "\\" in request.path:
            raise StepError(f"{self.system} points at another address, which is not followed: ask its support")
        ends = time.monotonic() + self._deadline_s
        try:
            addresses = self._pinned.addresses()
        except UnknownHostError:
            raise self._unreached("its name is unknown") from None
        for number, address in enumerate(addresses, 1):
            try:
                return self._send_to(address, request, ends)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if what := distrusts(error):
                    raise StepError(
                        f"the certificate of {self.system} at {self.where} is not trusted ({what}): let this machine trust the authority "
                        f"that signed it (on Debian a file in /usr/local/share/ca-certificates, then update-ca-certificates), then rerun"
                    ) from None
                if number == len(addresses):
                    self._pinned.forget()
                    raise self._unreached(type(error).__name__) from None
            except httpx.HTTPError as error:
                raise UnansweredError(
                    f"{self.system} broke off its answer ({type(error).__name__})", is_sent=True
                ) from None
        raise AssertionError("unreachable")

    def _unreached(self, why: str) -> UnansweredError:
        return UnansweredError(f"{self.system} at {self.where} cannot be reached ({why})", is_sent=False)

    def _send_to(self, address: str, request: Request, ends: float) -> Reply:
        """Send to one address; the host's name stays in the request and in what its certificate has to vouch for."""
        headers = {"content-type": "application/json", "accept-encoding": "gzip", "host": self._host, **request.headers}
        url = httpx.URL(self._base + request.path).copy_with(host=address)
        with self._client.stream(
            request.method, url, params=request.params, headers=headers, content=request.body,
            extensions={"sni_hostname": self._name},
        ) as reply:  # fmt: skip
            if reply.is_redirect:
                raise StepError(
                    f"{self.system} at {self.where} answers with a redirect, which is not followed: "
                    f"correct {self.setting}, then rerun"
                )
            return Reply(reply.status_code, self._read(reply, ends), dict(reply.headers))

    def _read(self, reply: httpx.Response, ends: float) -> bytes:
        packed, body, unpack = 0, bytearray(), self._unpacker(reply.headers.get("content-encoding", "identity"))
        for chunk in reply.iter_raw():
            packed += len(chunk)
            body += unpack.decompress(chunk, self._most_bytes + 1 - len(body)) if unpack else chunk
            if len(body) > self._most_bytes:
                raise StepError(
                    f"{self.system} sent more than {self._most_bytes} bytes for one page: ask for fewer records, then rerun"
                )
            if len(body) > max(SMALL, MOST_RATIO * packed):
                raise StepError(
                    f"{self.system} sent an answer that unpacks to more than {MOST_RATIO} times its size: "
                    "check what stands between, then rerun"
                )
            if time.monotonic() > ends:
                raise UnansweredError(
                    f"{self.system} took longer than {self._deadline_s:g} s for one answer", is_sent=True
                )
        if unpack and not unpack.eof:
            raise UnansweredError(f"{self.system} broke off its packed answer", is_sent=True)
        return bytes(body)

    def _unpacker(self, encoding: str) -> "zlib._Decompress | None":
        if encoding == "identity":
            return None
        if encoding == "gzip":
            return zlib.decompressobj(wbits=31)
        raise StepError(
            f"{self.system} packed its answer in a way that was not asked for: check what stands between, then rerun"
        )


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
    return min(max(0.0, seconds), LONGEST_WAIT_S)  # in this order "nan" is no wait
