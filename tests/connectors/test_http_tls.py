"""A server whose certificate nobody vouches for, or that is another's, is told nothing."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from config.settings import ROOT
from connectors.http import Request, Transport
from connectors.trust import trusted
from warehouse.steps import StepError

ASK = Request("/ask", {"secret_id": "s3cret"}, {"authorization": "Bearer t0ken"}, b"{}")


def certificate(path: Path) -> Path:
    """A key and a certificate for localhost that it signed itself, in one file."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[tuple[int, list[str], Path]]:
    """Port of a CRM behind TLS, what it was asked, its certificate."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server, path = ThreadingHTTPServer(("127.0.0.1", 0), Handler), certificate(tmp_path / "crm.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], asked, path
    server.shutdown()
    server.server_close()


def test_a_certificate_that_signed_itself_ends_the_call_before_anything_is_said(
    crm: tuple[int, list[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does the environment make it good: what it says of certificates is not read."""
    port, asked, path = crm
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    transport = Transport("fxiaoke", f"https://localhost:{port}", deadline_s=5)
    with pytest.raises(
        StepError, match=r"certificate of fxiaoke .* is not trusted \(self.signed certificate\): let this machine trust"
    ):
        transport.send(ASK)
    transport.close()
    assert asked == []


def test_an_authority_in_the_machine_s_own_store_is_believed(crm: tuple[int, list[str], Path]) -> None:
    """As a company installs its own for a system in its network; the name is held against the certificate all the same."""
    port, asked, path = crm
    store = ssl.get_default_verify_paths()._replace(openssl_cafile=str(path), openssl_capath="")
    with httpx.Client(verify=trusted(store), trust_env=False) as client:
        assert client.post(f"https://localhost:{port}/ask").content == b"{}"
        with pytest.raises(httpx.ConnectError, match=r"IP address mismatch|doesn't match|certificate is not valid"):
            client.post(f"https://127.0.0.1:{port}/ask")
    assert asked == ["/ask"]


def test_the_name_and_not_the_pinned_address_is_what_a_certificate_has_to_vouch_for(tmp_path: Path) -> None:
    """Connected to by number, asked for by name: what the server is told first is also what its certificate is held against."""
    named: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path / "crm.pem"))
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    transport = Transport(
        "fxiaoke", f"https://localhost:{server.server_address[1]}", deadline_s=5, resolve=lambda *_: ["127.0.0.1"]
    )
    with pytest.raises(StepError, match="is not trusted"):
        transport.send(ASK)
    transport.close()
    server.shutdown()
    server.server_close()
    assert named == ["localhost"]


def test_no_module_switches_the_verification_off() -> None:
    words = ("verify=" + "False", "CERT_" + "NONE", "check_hostname = " + "False", "_create_" + "unverified")
    folders = ("config", "connectors", "nightly", "warehouse", "ml", "expectations", "bi")
    texts = {path: path.read_text("utf-8") for folder in folders for path in (ROOT / folder).rglob("*.py")}
    assert [str(path) for path, text in texts.items() for word in words if word in text] == []
