"""The HTTP client against a server that misbehaves on purpose."""

import gzip
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from connectors.http import Request, Transport, UnansweredError, retry_after
from connectors.pacing import Pace, Patience
from warehouse.steps import StepError

Play = Callable[[BaseHTTPRequestHandler], None]
ASK = Request("/ask", {"secret_id": "s3cret"}, {"authorization": "Bearer t0ken"}, b"{}")


@pytest.fixture
def serve() -> Iterator[Callable[[Play], str]]:
    """Start a server that answers every POST by `play`; gives its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(play: Play) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                play(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def answer(status: int, body: bytes = b"{}", **headers: str) -> Play:
    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {
            "content-length": str(len(body)),
            **{key.replace("_", "-"): text for key, text in headers.items()},
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return play


def test_a_redirect_is_refused_and_not_followed(serve: Callable[[Play], str]) -> None:
    asked: list[str] = []
    elsewhere = serve(lambda handler: asked.append(handler.path))
    transport = Transport("fxiaoke", serve(answer(302, location=f"{elsewhere}/latest/meta-data")), deadline_s=5)
    with pytest.raises(
        StepError, match="answers with a redirect, which is not followed: correct LANDFALL_FXIAOKE_BASE_URL"
    ):
        transport.send(ASK)
    assert asked == []


def test_an_answer_that_trickles_ends_at_the_deadline(serve: Callable[[Play], str]) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)

    started = time.monotonic()
    with pytest.raises(UnansweredError, match=r"took longer than 0\.5 s") as caught:
        Transport("fxiaoke", serve(trickle), deadline_s=0.5).send(ASK)
    assert caught.value.is_sent
    assert time.monotonic() - started < 2


def test_an_endless_body_is_cut_off(serve: Callable[[Play], str]) -> None:
    with pytest.raises(StepError, match="more than 1000 bytes"):
        Transport("fxiaoke", serve(answer(200, b"x" * 100_000)), deadline_s=5, most_bytes=1000).send(ASK)


def test_a_compressed_bomb_is_not_unpacked(serve: Callable[[Play], str]) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    with pytest.raises(StepError, match="unpacks to more than 200 times its size"):
        Transport("fxiaoke", serve(answer(200, bomb, content_encoding="gzip")), deadline_s=5).send(ASK)
    with pytest.raises(StepError, match="packed its answer in a way that was not asked for"):
        Transport("fxiaoke", serve(answer(200, b"x", content_encoding="br")), deadline_s=5).send(ASK)


def test_a_packed_answer_is_unpacked_and_half_of_one_is_none(serve: Callable[[Play], str]) -> None:
    packed = gzip.compress(b'{"errorCode": 0}')
    assert (
        Transport("fxiaoke", serve(answer(200, packed, content_encoding="gzip")), deadline_s=5).send(ASK).body
        == b'{"errorCode": 0}'
    )
    with pytest.raises(UnansweredError, match="broke off its packed answer"):
        Transport("fxiaoke", serve(answer(200, packed[:15], content_encoding="gzip")), deadline_s=5).send(ASK)


@pytest.mark.parametrize(
    "path", ["http://169.254.169.254/latest", "//elsewhere/x", "file:///etc/passwd", "/\\\\elsewhere", "next"]
)
def test_a_path_that_leads_elsewhere_is_not_followed(path: str) -> None:
    with pytest.raises(StepError, match="points at another address, which is not followed"):
        Transport("fxiaoke", "http://127.0.0.1:9", deadline_s=5).send(Request(path))


def test_an_answer_that_breaks_off_may_have_been_acted_on(serve: Callable[[Play], str]) -> None:
    with pytest.raises(UnansweredError) as caught:
        Transport("fxiaoke", serve(answer(200, b"{}", content_length="500")), deadline_s=5).send(ASK)
    assert caught.value.is_sent


def test_a_server_that_is_down_has_certainly_not_acted() -> None:
    with pytest.raises(UnansweredError, match=r"fxiaoke at http://127\.0\.0\.1:9 cannot be reached") as caught:
        Transport("fxiaoke", "http://127.0.0.1:9", deadline_s=5).send(ASK)
    assert not caught.value.is_sent


@pytest.mark.parametrize(
    "address", ["http://open.fxiaoke.com", "ftp://127.0.0.1", "file:///etc/passwd", "https://user@host", "nonsense"]
)
def test_only_encrypted_addresses_outside_loopback_are_used(address: str) -> None:
    with pytest.raises(StepError, match="LANDFALL_FXIAOKE_BASE_URL"):
        Transport("fxiaoke", address, deadline_s=5)


def test_retry_after_is_read_as_seconds_or_date_and_capped() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert retry_after("7") == 7.0
    assert 55 < (retry_after(in_a_minute) or 0) <= 60
    assert retry_after("86400") == 300.0
    assert [retry_after(text) for text in (None, "", "soon")] == [None, None, None]


def test_waits_grow_with_jitter_and_give_way_to_the_servers_wish() -> None:
    slept: list[float] = []
    patience = Patience(base_s=1.0, pause=slept.append)
    for attempt in range(3):
        patience.wait(attempt)
    patience.wait(0, 12.0)
    assert [0.5 <= slept[0] <= 1.5, 1 <= slept[1] <= 3, 2 <= slept[2] <= 6, slept[3]] == [True, True, True, 12.0]
    assert patience.waits == 4


def test_requests_are_spaced_by_endpoint() -> None:
    slept: list[float] = []
    pace = Pace(100, 20.0, pause=slept.append)
    for endpoint in ("query", "query", "query", "update"):
        pace.take(endpoint)
    assert [round(seconds, 1) for seconds in slept] == [0.2, 0.4]
