"""The signed lead webhook over real HTTP: what is taken in, what is refused, once and only once; and what a night makes of it."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
import uvicorn

from config.settings import settings
from connectors.extract import extract
from connectors.webhook_service import MOST_BYTES, application
from connectors.webhook_signing import secrets, signature_of
from sandbox.server import HOST, listening_socket
from warehouse.connection import connect
from warehouse.erasure import erase
from warehouse.steps import StepError

SECRET, DAY = "a-secret-of-the-website", date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 4, tzinfo=UTC).timestamp()
LEAD: dict[str, Any] = {
    "lead_id": "W1",
    "contact": {"name": "王芳", "mobile": "138 0000 0001"},
    "company": "华东机电",
    "secret_note": "x",
}


class Sender:
    """A sender of leads whose clock stands at noon of DAY, and the service it talks to."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def post(
        self, body: bytes, key: str | None = "k1", *, stamp: str | None = None, path: str = "website", **changed: str
    ) -> int:
        """Hand in `body`, signed for it unless `changed` replaces a header."""
        stamp = stamp or str(int(NOW))
        headers = {"x-timestamp": stamp, "x-signature": signature_of(SECRET, stamp, body)} | changed
        headers |= {} if key is None else {"idempotency-key": key}
        return self.http.post(f"/ingest/leads/{path}", content=body, headers=headers).status_code


@pytest.fixture(scope="module")
def address(tenant_database: str) -> Iterator[str]:
    """The service on loopback."""
    listener = listening_socket(0)
    app = application({"website": SECRET, "partner": "a-secret-of-the-partner"}, now=lambda: NOW)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://{HOST}:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def sender(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    """A sender; the inbox and landing are empty."""
    monkeypatch.setenv("LANDFALL_WEBHOOK_SECRETS", f"website={SECRET}")
    monkeypatch.setenv("LANDFALL_SOURCES", "webhook")
    settings.cache_clear()
    with connect("owner_ddl", autocommit=True) as connection:
        connection.execute(
            "truncate vault.lead_inbox, landing.webhook__leads, ops.loads, ops.cursors, ops.quarantine, vault.quarantined, vault.persons"
        )
    with httpx.Client(base_url=address, timeout=10) as http:
        yield Sender(http)
    settings.cache_clear()


def query(statement: str) -> list[tuple[Any, ...]]:
    with connect("loader") as connection:
        return connection.execute(statement).fetchall()


def body(**changed: Any) -> bytes:
    return json.dumps(LEAD | changed, ensure_ascii=False).encode()


def test_a_signed_lead_is_kept_byte_by_byte_before_it_is_accepted(sender: Sender) -> None:
    sent = body()
    assert sender.post(sent) == 202
    [(source, event_id, sent_at, raw)] = query("select source, event_id, sent_at, raw from vault.lead_inbox")
    assert (source, event_id, sent_at.timestamp(), bytes(raw)) == ("website", "k1", NOW, sent)


def test_a_replay_is_accepted_and_kept_once_also_under_another_key(sender: Sender) -> None:
    assert [sender.post(body()) for _ in range(3)] == [202, 202, 202]
    assert sender.post(body(), key="k2") == 202  # the same signed request with an unsigned header changed
    assert sender.post(body(), stamp=str(int(NOW) + 9)) == 202  # sent again later by a sender that had no answer
    assert query("select count(*) from vault.lead_inbox") == [(1,)]


def test_a_key_that_comes_with_another_body_is_refused(sender: Sender) -> None:
    assert sender.post(body()) == 202
    assert sender.post(body(lead_id="W2")) == 422
    assert query("select count(*) from vault.lead_inbox") == [(1,)]


@pytest.mark.parametrize(("age", "status"), [(-301, 401), (-300, 202), (300, 202), (301, 401)])
def test_a_signature_holds_for_five_minutes(age: int, status: int, sender: Sender) -> None:
    assert sender.post(body(), stamp=str(int(NOW) + age)) == status


@pytest.mark.parametrize(
    "changed",
    [
        {"x-signature": "0" * 64},
        {"x-signature": ""},
        {"x-signature": "é" * 3},
        {"x-timestamp": str(int(NOW) + 1)},
        {"x-timestamp": "noon"},
        {"x-timestamp": "9" * 400},
    ],
)
def test_a_forged_request_is_refused_and_nothing_is_kept(changed: dict[str, str], sender: Sender) -> None:
    headers = {
        "x-timestamp": str(int(NOW)),
        "x-signature": signature_of(SECRET, str(int(NOW)), body()),
        "idempotency-key": "k",
    } | changed
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    assert sender.http.post("/ingest/leads/website", content=body(), headers=raw).status_code == 401
    assert query("select count(*) from vault.lead_inbox") == [(0,)]


def test_a_flipped_byte_another_senders_secret_and_an_unknown_sender_are_refused(sender: Sender) -> None:
    stamp = str(int(NOW))
    signed = signature_of(SECRET, stamp, body())
    assert sender.post(body().replace(b"W1", b"W2"), **{"x-signature": signed}) == 401
    assert sender.post(body(), path="partner") == 401
    assert sender.post(body(), path="nobody") == 401
    stand_in = signature_of("no such sender", stamp, body())  # what an unknown sender is compared with opens no door
    assert sender.post(body(), path="nobody", **{"x-signature": stand_in}) == 401


def test_a_body_that_is_too_long_is_not_read_to_its_end(sender: Sender) -> None:
    assert sender.post(body(note="x" * MOST_BYTES)) == 413
    assert sender.post(body(note="x" * (MOST_BYTES - 200))) == 202


@pytest.mark.parametrize(
    ("sent", "key"), [(b"[1]", "k"), (b"{", "k"), (b"", "k"), (b"\xff", "k"), (body(), None), (body(), "k" * 201)]
)
def test_what_is_no_lead_is_refused_with_422(sent: bytes, key: str | None, sender: Sender) -> None:
    assert sender.post(sent, key=key) == 422
    assert query("select count(*) from vault.lead_inbox") == [(0,)]


def test_a_night_maps_what_came_and_lands_tokens_of_listed_fields_alone(sender: Sender) -> None:
    sender.post(body())
    sender.post(json.dumps({"contact": {"mobile": "13800000002"}}).encode(), key="k2")
    sender.post(json.dumps({"company": "无电话"}).encode(), key="k3")
    extract(DAY)
    rows = query("select record_id, record from landing.webhook__leads order by 1")
    assert [key for key, _ in rows] == ["website|W1", "website|k2"]
    record = rows[0][1]
    assert (record["company"], record["phone"]["mask"], record["name"]["mask"]) == ("华东机电", "138****0001", "王**")
    assert "secret_note" not in record
    assert "王芳" not in json.dumps(record, ensure_ascii=False)
    assert query("select reason, record_id from ops.quarantine") == [
        ("website: contact.mobile and mail are empty", "k3")
    ]
    assert query("select landed, quarantined from ops.loads") == [(2, 1)]
    extract(DAY)
    assert query("select landed, unchanged, quarantined from ops.loads order by started_at desc limit 1") == [(0, 2, 1)]


def test_a_lead_that_its_sender_deleted_is_a_tombstone_and_a_deletion_of_nothing_is_set_aside(sender: Sender) -> None:
    later = str(int(NOW) + 60)
    sender.post(body())
    sender.post(json.dumps({"lead_id": "W1", "is_deleted": True}).encode(), key="k2", stamp=later)
    sender.post(json.dumps({"is_deleted": True}).encode(), key="k3", stamp=later)
    sender.post(json.dumps(LEAD | {"lead_id": "W2", "is_deleted": False}).encode(), key="k4", stamp=later)
    extract(DAY)
    rows = query(
        "select record_id, record -> 'is_deleted', record ? 'phone' from landing.webhook__leads order by changed_at, 1"
    )
    assert rows == [("website|W1", None, True), ("website|W1", True, False), ("website|W2", None, True)]
    assert query("select reason from ops.quarantine") == [("website: a deletion names no lead_id",)]


def test_a_lead_that_was_sent_after_midnight_waits_for_its_own_night(sender: Sender) -> None:
    sender.post(body())
    extract(date(2026, 6, 29))
    assert query("select received, held_back from ops.loads") == [(0, 1)]


def test_an_erased_person_leaves_the_inbox_and_a_repetition_of_the_event_is_still_known(sender: Sender) -> None:
    sender.post(body())
    extract(DAY)
    erase(["138-0000-0001"], DAY, "the person")
    assert query("select raw from vault.lead_inbox") == [(b"",)]
    assert sender.post(body()) == 202
    assert query("select count(*) from vault.lead_inbox where raw <> ''") == [(0,)]
    extract(DAY)
    assert query("select received from ops.loads order by started_at desc limit 1") == [(0,)]


@pytest.mark.parametrize("given", ["website=short", "Website=a-secret-of-the-website", "website", ""])
def test_secrets_that_cannot_be_used_are_refused_without_being_shown(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDFALL_WEBHOOK_SECRETS", given)
    settings.cache_clear()
    with pytest.raises(StepError, match=r"set LANDFALL_WEBHOOK_SECRETS|correct it") as refused:
        secrets()
    assert "a-secret" not in str(refused.value)
    settings.cache_clear()
