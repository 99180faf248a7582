"""Asking until a system answers, refuses, or patience ends: what is retried, what is rebuilt, what is never sent twice."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import orjson
import pytest

from connectors.calls import Calls, Reaction, RefusedError, Verdict
from connectors.http import Reply, Request, Transport, UnansweredError
from connectors.pacing import Patience
from connectors.tokens import Token, TokenStore
from warehouse.steps import StepError

Played = tuple[int, bytes, dict[str, str]]
REACTIONS: dict[str, Reaction] = {"0": "ok", "E": "refresh", "B": "back_off", "S": "stop", "K": "skip", "U": "unknown"}
GOOD: Played = (200, b'{"code": "0", "rows": [1]}', {})


def judge(reply: Reply, payload: object) -> Verdict | None:
    """A vendor whose envelope is {code}: E expired, B busy, S stop, K skip, U unknown."""
    if not isinstance(payload, dict) or "code" not in payload:
        return None
    code = payload["code"]
    return Verdict(REACTIONS[code], code, "do the thing", wait_s=7.0 if code == "B" else None)


class Vendor:
    """A server that plays its answers one after the other and keeps the tokens it was shown."""

    def __init__(self, *plays: Played) -> None:
        self.plays, self.shown, self.slept = list(plays), [], list[float]()  # type: ignore[var-annotated]
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                vendor.shown.append(self.headers.get("authorization"))
                status, body, headers = vendor.plays.pop(0)
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    def calls(self, folder: Path) -> Calls:
        """Calls to it, with a new token at each refresh."""
        issued = iter(range(9))
        tokens = TokenStore(folder, "vendor", lambda: Token(f"t0ken-{next(issued)}", "", 7200))
        transport = Transport("vendor", f"http://127.0.0.1:{self.server.server_address[1]}", deadline_s=5)
        return Calls("Vendor", transport, judge, tokens=tokens, patience=Patience(3, pause=self.slept.append))


@pytest.fixture
def playing() -> Iterator[Callable[..., Vendor]]:
    """Start vendors."""
    vendors: list[Vendor] = []

    def start(*plays: Played) -> Vendor:
        vendors.append(Vendor(*plays))
        return vendors[-1]

    yield start
    for vendor in vendors:
        vendor.server.shutdown()
        vendor.server.server_close()


def said(code: str) -> Played:
    return 200, orjson.dumps({"code": code}), {}


def ask(vendor: Vendor, folder: Path, *, is_write: bool = False) -> object:
    build = lambda token: Request("/ask", {"secret_id": "s3cret"}, {"authorization": f"Bearer {token.access}"})  # noqa: E731
    return vendor.calls(folder).ask(build, "the deals", is_write=is_write).payload["rows"]


def test_an_expired_token_is_renewed_once_and_the_request_is_built_anew(
    playing: Callable[..., Vendor], tmp_path: Path
) -> None:
    vendor = playing(said("E"), GOOD)
    assert ask(vendor, tmp_path) == [1]
    assert (vendor.shown, vendor.slept) == (["Bearer t0ken-0", "Bearer t0ken-1"], [])


def test_a_token_refused_twice_ends_the_call(playing: Callable[..., Vendor], tmp_path: Path) -> None:
    vendor = playing(said("E"), said("E"), GOOD)
    with pytest.raises(RefusedError, match=r"Vendor refused the deals \(E\): do the thing, then rerun"):
        ask(vendor, tmp_path)
    assert len(vendor.shown) == 2


@pytest.mark.parametrize(("play", "waited"), [
    (said("B"), 7.0), ((429, b"slow", {"retry-after": "3"}), 3.0), ((503, b"{}", {"retry-after": "2"}), 2.0),
])  # fmt: skip
def test_a_busy_vendor_is_asked_again_after_the_wait_it_wishes(
    playing: Callable[..., Vendor], tmp_path: Path, play: Played, waited: float
) -> None:
    vendor = playing(play, GOOD)
    assert (ask(vendor, tmp_path), vendor.slept) == ([1], [waited])


@pytest.mark.parametrize("play", [said("U"), (200, b"<html>login</html>", {}), (200, b'{"rows"', {}), (502, b"", {})])
def test_a_read_without_a_good_answer_is_repeated_and_a_write_is_not(
    playing: Callable[..., Vendor], tmp_path: Path, play: Played
) -> None:
    assert ask(playing(play, GOOD), tmp_path) == [1]
    vendor = playing(play, GOOD)
    with pytest.raises((RefusedError, UnansweredError)):
        ask(vendor, tmp_path, is_write=True)
    assert len(vendor.shown) == 1


@pytest.mark.parametrize("status", [200, 202])
def test_a_body_that_is_no_json_is_a_broken_answer_though_its_status_is_good(
    playing: Callable[..., Vendor], tmp_path: Path, status: int
) -> None:
    """One vendor's judge goes by the status; a proxy's page under it was told as a refusal with an empty code, and not asked again."""

    def by_status(vendor: Vendor) -> Calls:
        transport = Transport("vendor", f"http://127.0.0.1:{vendor.server.server_address[1]}", deadline_s=5)
        good = lambda reply, _: Verdict("ok") if reply.status < 300 else None  # noqa: E731
        return Calls("Vendor", transport, good, patience=Patience(3, pause=vendor.slept.append))

    page: Played = (status, b"<html>wait</html>", {})
    vendor = playing(page, GOOD)
    assert by_status(vendor).ask(lambda _: Request("/ask"), "the deals").payload["rows"] == [1]
    vendor = playing(page, page, page)
    with pytest.raises(StepError, match="vendor sent no complete JSON after 3 attempts for the deals"):
        by_status(vendor).ask(lambda _: Request("/ask"), "the deals")
    vendor = playing(page)
    assert by_status(vendor).ask(lambda _: Request("/ask"), "the deals", is_json=False).payload is None


@pytest.mark.parametrize("code", ["S", "K"])
def test_a_refusal_is_final(playing: Callable[..., Vendor], tmp_path: Path, code: str) -> None:
    vendor = playing(said(code), GOOD)
    with pytest.raises(RefusedError):
        ask(vendor, tmp_path)
    assert len(vendor.shown) == 1


@pytest.mark.parametrize("status", [401, 404, 500])
def test_patience_ends_in_one_sentence_without_secrets(
    playing: Callable[..., Vendor], tmp_path: Path, status: int
) -> None:
    vendor = playing(*[(status, b"s3cret", {})] * 3)
    with pytest.raises(StepError) as caught:
        ask(vendor, tmp_path)
    assert "LANDFALL_VENDOR_BASE_URL" in str(caught.value)
    assert "s3cret" not in repr(caught.value)
    assert "t0ken" not in repr(caught.value)
