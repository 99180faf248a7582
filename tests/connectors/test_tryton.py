"""Tryton's wire: sign-in and requests as its documentation prints them, and every kind of refusal; the whole is tested in tests/tryton."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from connectors.calls import RefusedError
from connectors.pacing import Patience
from connectors.streams import mapping_of
from connectors.tryton import Tryton
from connectors.tryton_values import encoded, flat
from tests.connectors.vendor import Asked, Vendor
from warehouse.steps import StepError
from warehouse.walks import Walk

ORDERS = mapping_of("tryton").streams["orders"]
FROM, TO = (
    datetime.fromisoformat("2026-05-19T16:00:00+00:00"),
    datetime.fromisoformat("2026-05-20T16:00:00.000001+00:00"),
)
WALK = Walk("tryton", "orders", date(2026, 5, 20), FROM, TO)
SIGNED_IN = {"id": 0, "result": [7, "5e55ion", None]}
PREFERENCES = {"id": 0, "result": {"company": 1, "language": "en"}}
Start = Callable[..., tuple[Vendor, Tryton]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """start(answers…): a server that signs in and tells preferences, and else gives its answers in order; and a connector to it."""
    started: list[tuple[Vendor, Tryton]] = []

    def run(*answers: Any) -> tuple[Vendor, Tryton]:
        left = list(answers)

        def answer(asked: Asked) -> Any:
            method = asked.json["method"]
            if method == "common.db.login":
                return SIGNED_IN
            return PREFERENCES if method == "model.res.user.get_preferences" else left.pop(0)

        vendor = Vendor(answer)
        now = Settings(
            home=tmp_path,
            tryton_base_url=vendor.url,
            tryton_database="erp",
            tryton_user="reader",
            tryton_password="p4ssword",
        )
        started.append((vendor, Tryton(now, Patience(3, pause=lambda seconds: None), page=2)))
        return started[-1]

    yield run
    for vendor, erp in started:
        erp.close()
        vendor.close()


def read(erp: Tryton) -> list[Any]:
    return [row for page in erp.pages(ORDERS, WALK) for row in page.rows]


def methods(vendor: Vendor) -> list[str]:
    return [asked.json["method"].rpartition(".")[2] for asked in vendor.asked]


def test_the_sign_in_is_as_printed_and_later_calls_carry_the_session(start: Start) -> None:
    vendor, erp = start({"id": 0, "result": []})
    assert read(erp) == []
    assert {(asked.method, asked.path) for asked in vendor.asked} == {("POST", "/erp/rpc/")}
    login, _, search = vendor.asked
    assert login.json == {"id": 0, "method": "common.db.login", "params": ["reader", {"password": "p4ssword"}, "en"]}
    kind, _, session = search.headers["authorization"].partition(" ")
    assert (kind, b64decode(session)) == ("Session", b"reader:7:5e55ion")


def test_a_window_asks_for_the_last_write_or_for_the_creation_of_what_was_never_written(start: Start) -> None:
    vendor, erp = start({"id": 0, "result": []})
    read(erp)
    domain, offset, limit, order, fields, context = vendor.asked[-1].json["params"]
    begins, ends = encoded(FROM), encoded(TO)
    assert ends == {
        "__class__": "datetime", "year": 2026, "month": 5, "day": 20, "hour": 16, "minute": 0, "second": 0, "microsecond": 1,
    }  # fmt: skip
    written = [["write_date", ">=", begins], ["write_date", "<", ends]]
    created = [["write_date", "=", None], ["create_date", ">=", begins], ["create_date", "<", ends]]
    assert domain == [["OR", written, created]]
    assert (offset, limit, order) == (0, 2, [["id", "ASC"]])
    assert set(fields) == {"id", "write_date", *ORDERS.fields}
    assert context == {"company": 1, "language": "en", "active_test": False}


def test_values_lose_their_wrapping_and_no_cent() -> None:
    record = {
        "id": 1, "untaxed_amount": {"__class__": "Decimal", "decimal": "12345678901234567.89"}, "quantity": 2.5, "party": 3,
        "sale_date": {"__class__": "date", "year": 2026, "month": 5, "day": 20}, "reference": None, "currency.": {"id": 1, "code": "CNY"},
        "line.": {"id": 2, "move.": {"id": 3, "origin": "account.invoice,4"}}, "origin.": None,
        "write_date": {**encoded(FROM), "microsecond": 250}, "delay": {"__class__": "timedelta", "seconds": 86400.0},
    }  # fmt: skip
    assert flat(record) == {
        "id": 1, "untaxed_amount": "12345678901234567.89", "quantity": 2.5, "party": 3, "sale_date": "2026-05-20", "reference": None,
        "currency.id": 1, "currency.code": "CNY", "line.id": 2, "line.move.id": 3, "line.move.origin": "account.invoice,4",
        "write_date": "2026-05-19T16:00:00.000250+00:00", "delay": 86400.0,
    }  # fmt: skip


def test_pages_go_on_behind_the_last_id_and_a_repeated_page_is_an_error(start: Start) -> None:
    page = {"id": 0, "result": [{"id": 5, "create_date": encoded(FROM)}, {"id": 9, "create_date": encoded(FROM)}]}
    vendor, erp = start(page, {"id": 0, "result": [{"id": 12, "create_date": encoded(FROM)}]})
    assert [row["id"] for row in read(erp)] == [5, 9, 12]
    assert vendor.asked[-1].json["params"][0][-1] == ["id", ">", 9]
    vendor, erp = start(page, page)
    with pytest.raises(StepError, match="repeats a page of"):
        read(erp)


def test_an_ended_session_costs_one_sign_in(start: Start) -> None:
    vendor, erp = start((401, b""), {"id": 0, "result": []})
    assert read(erp) == []
    assert methods(vendor) == ["login", "get_preferences", "search_read", "login", "search_read"]


@pytest.mark.parametrize(
    "busy", [(429, b""), (503, b"<html>"), {"id": 0, "error": ["ConcurrencyException", "changed"]}]
)
def test_what_passes_is_waited_out(start: Start, busy: Any) -> None:
    vendor, erp = start(busy, {"id": 0, "result": []})
    assert read(erp) == []
    assert (erp.calls.patience.waits, methods(vendor).count("search_read")) == (1, 2)


@pytest.mark.parametrize(
    ("answer", "reaction", "advice"),
    [
        ((401, b"<html>"), "refresh", "correct LANDFALL_TRYTON_USER and LANDFALL_TRYTON_PASSWORD"),
        ((404, b"<html>"), "stop", "correct LANDFALL_TRYTON_DATABASE"),
        ((403, b"<html>"), "skip", "does not let itself be read"),
        ({"id": 0, "error": ["UserError", ["王先生 may not read", "", None]]}, "skip", "read access to the model"),
        ({"id": 0, "error": ["LoginException", ["sms", "code sent to 13800000000", "char"]]}, "stop", "second factor"),
        ({"id": 0, "error": ["'sale.sale'", "Traceback of 王先生"]}, "skip", "activate the module"),
    ],
)
def test_a_refusal_says_what_to_do_and_quotes_nothing(start: Start, answer: Any, reaction: str, advice: str) -> None:
    _, erp = start(answer, answer)
    with pytest.raises(RefusedError, match=advice) as refused:
        read(erp)
    assert refused.value.reaction == reaction
    assert all(secret not in str(refused.value) for secret in ("王先生", "13800000000", "p4ssword", "5e55ion"))
