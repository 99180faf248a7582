"""No address, name or answer leads a connector to this machine, a cloud's credentials or the company's own network."""

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from connectors.addresses import UnknownHostError, looked_up
from connectors.http import Request, Transport, UnansweredError
from warehouse.steps import StepError

ASK = Request("/latest/meta-data", {"secret_id": "s3cret"}, {"authorization": "Bearer t0ken"}, b"{}")
PUBLIC = "93.184.215.14"


class Canary:
    """A listener that counts who connects, whatever they say."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.hosts: list[str] = []
        canary = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                canary.hosts.append(self.headers["host"])
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Counting(ThreadingHTTPServer):
            def get_request(self) -> tuple[socket.socket, object]:
                canary.connects += 1
                return super().get_request()

        self.connects = 0
        self.server = Counting((host, port), Handler)
        self.port = int(self.server.server_address[1])
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def listening() -> Iterator[Callable[..., Canary]]:
    """Start canaries."""
    started: list[Canary] = []

    def start(host: str = "127.0.0.1", port: int = 0) -> Canary:
        started.append(Canary(host, port))
        return started[-1]

    yield start
    for canary in started:
        canary.server.shutdown()
        canary.server.server_close()


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "[::ffff:169.254.169.254]", "0.0.0.0", "[::]", "[fe80::1]", "[fd00::1]", "10.0.0.8", "192.168.1.1",  # noqa: S104
        "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "user@127.0.0.1", "224.0.0.1", "100.64.0.1",
    ],
)  # fmt: skip
def test_no_spelling_of_an_address_reaches_this_machine_or_a_network_that_is_not_the_vendors(
    listening: Callable[..., Canary], host: str
) -> None:
    canary = listening()
    with pytest.raises(StepError, match=r"which lies in|is not a web address"):
        Transport("fxiaoke", f"https://{host}:{canary.port}", deadline_s=5).send(ASK)
    assert canary.connects == 0


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        [PUBLIC, "127.0.0.1"],
        ["::1"],
        ["::ffff:10.0.0.8"],
        ["10.0.0.8"],
        ["nonsense"],
    ],
)
def test_a_name_that_stands_for_such_an_address_is_not_followed(
    listening: Callable[..., Canary], answers: list[str]
) -> None:
    canary = listening()
    transport = Transport("fxiaoke", f"https://open.example:{canary.port}", deadline_s=5, resolve=lambda *_: answers)
    with pytest.raises(StepError, match=r"fxiaoke at open\.example stands for .*, which lies in"):
        transport.send(ASK)
    assert canary.connects == 0


def test_a_host_of_the_companys_own_network_is_named_by_its_administrator() -> None:
    """It may stand there, and still for neither this machine nor a link's own addresses."""
    own = {"erp.example"}
    taken = "cannot be reached|is not trusted"  # whoever answers there, or nobody
    for answer, said in (("10.0.0.8", taken), ("127.0.0.1", "which lies in"), ("169.254.169.254", "which lies in")):
        transport = Transport(
            "kingdee", "https://erp.example:9", deadline_s=0.2, resolve=lambda *_, a=answer: [a], private_hosts=own
        )
        with pytest.raises((UnansweredError, StepError), match=said):
            transport.send(ASK)
    advice = "add erp.example to LANDFALL_PRIVATE_HOSTS if it stands there, then rerun"
    with pytest.raises(StepError, match=advice):
        Transport("kingdee", "https://erp.example:9", deadline_s=5, resolve=lambda *_: ["10.0.0.8"]).send(ASK)


def test_a_name_that_is_bound_anew_leads_nowhere_else(listening: Callable[..., Canary]) -> None:
    """The second answer of the name server is not even asked for while the first address answers."""
    crm = listening()
    canary = listening("127.0.0.2", crm.port)
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    transport = Transport("fxiaoke", f"http://localhost:{crm.port}", deadline_s=5, resolve=lambda *_: next(answers))
    for _ in range(3):
        assert transport.send(ASK).body == b"{}"
    transport.close()
    assert (crm.hosts, canary.connects) == ([f"localhost:{crm.port}"] * 3, 0)


def test_the_next_address_of_a_name_is_tried_and_a_dead_one_is_looked_up_and_checked_again(
    listening: Callable[..., Canary],
) -> None:
    crm = listening()
    asked: list[str] = []
    answers = iter([["127.0.0.3"], ["127.0.0.3", "127.0.0.1"], [PUBLIC]])

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    transport = Transport("fxiaoke", f"http://localhost:{crm.port}", deadline_s=5, resolve=resolve)
    with pytest.raises(UnansweredError, match="cannot be reached"):
        transport.send(ASK)
    assert transport.send(ASK).body == b"{}"
    transport.close()
    assert asked == ["localhost"] * 2


def test_a_name_that_nobody_knows_is_told_as_a_system_that_cannot_be_reached() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise UnknownHostError

    with pytest.raises(
        UnansweredError, match=r"fxiaoke at https://open\.example cannot be reached \(its name is unknown\)"
    ) as told:
        Transport("fxiaoke", "https://open.example", deadline_s=5, resolve=unknown).send(ASK)
    assert not told.value.is_sent
    assert looked_up("localhost", 80)
