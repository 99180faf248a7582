"""Tryton (an open ERP): signing in, asking for pages of a model, counting, describing.

JSON-RPC at `/<database>/rpc/`; `tryton_codes` says what a refusal asks of us, `tryton_values` how values travel. A record is dated by its
last write, or by its creation until it is first written; both are UTC. Pages are found by keyset on `id`. Inactive records (a customer
that was archived) are records too.
"""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import orjson

from config.settings import Settings, settings
from connectors.calls import Calls
from connectors.http import Request, Transport
from connectors.pacing import Patience
from connectors.sources import Page, Source
from connectors.streams import Stream, mapping_path
from connectors.tokens import Token, TokenStore, identity
from connectors.tryton_codes import judge
from connectors.tryton_values import encoded, flat
from warehouse.steps import StepError
from warehouse.walks import Walk

PAGE = 500
IDS_PAGE = 10_000  # ids alone are a few bytes each
DATES = ("write_date", "create_date")
SESSION_S = 86_400.0  # the server's own limit is thirty days; the token store takes the shorter of this and its own
Context = dict[str, Any]
Domain = list[Any]


def source() -> "Tryton":
    """The tenant's ERP, as the settings name it."""
    return Tryton()


class Tryton(Source):
    """One database of a Tryton server."""

    def __init__(self, now: Settings | None = None, patience: Patience | None = None, page: int = PAGE) -> None:
        self._now, self._page = now or settings(), page
        transport = Transport("tryton", self._now.tryton_base_url, deadline_s=self._now.request_deadline_s)
        tokens = TokenStore(self._now.home / "tokens", f"tryton-{self._identity()}", self._fetch_token)
        super().__init__(Calls("Tryton", transport, judge, tokens=tokens, patience=patience))
        self._preferences: Context | None = None

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """The records changed within the walk's window, by ascending `id`; of a stock snapshot, all goods in each warehouse on the day."""
        if stream.options.get("per") == "warehouse":
            yield from self._stock(stream, walk)
        else:
            yield from self._keyset(stream, [*_all(stream), *_window(walk)], walk.last_id, {})

    def ids(self, stream: Stream) -> Iterator[list[str]]:
        """The ids of all records of the model."""
        last: int | None = None
        while True:
            found = self._call(stream.object, "search", [[*_all(stream), *_behind(last)], 0, IDS_PAGE, [["id", "ASC"]]])
            yield [str(number) for number in found]
            if len(found) < IDS_PAGE:
                return
            last = _moved(stream.object, found, last)

    def held_back(self, stream: Stream, walk: Walk) -> int:
        """How many records changed after the walk's window; a snapshot holds nothing back."""
        if stream.changed is None:
            return 0
        later = [encoded(walk.window_to)]
        return int(self._call(stream.object, "search_count", [[*_all(stream), *_dated([">="], later)], 0, None]))

    def faults(self, stream: Stream) -> list[str]:
        """Mapped fields that the model lacks or the user may not read."""
        known = self._call(stream.object, "fields_get", [])
        names = [name for name in stream.fields if name != stream.options.get("per")]
        missing = [name for name in names if name.partition(".")[0] not in known]
        if not missing:
            self._rows(stream, _all(stream), 1, {})
        return [
            f"{stream.object} has no field {name} that landfall may read: grant it, or correct {mapping_path('tryton')}"
            for name in missing
        ]

    def _stock(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """Quantities have no change time: they are asked for as of the end of the walk's day, warehouse by warehouse."""
        warehouses = self._call("stock.location", "search", [[["type", "=", "warehouse"]], 0, None, [["id", "ASC"]]])
        goods = [["template.type", "=", "goods"]]
        for warehouse in warehouses:
            context = {"locations": [warehouse], "stock_date_end": encoded(walk.as_of)}
            for page in self._keyset(stream, goods, None, context):
                rows = [{**row, "warehouse": warehouse} for row in page.rows]
                yield Page(rows, None, page.is_last and warehouse == warehouses[-1])
        if not warehouses:
            yield Page([], None, is_last=True)

    def _keyset(self, stream: Stream, domain: Domain, last_id: str | None, context: Context) -> Iterator[Page]:
        last, is_last = int(last_id) if last_id else None, False
        while not is_last:
            rows = self._rows(stream, [*domain, *_behind(last)], self._page, context)
            is_last = len(rows) < self._page
            last = _moved(stream.object, [row["id"] for row in rows], last)
            yield Page(rows, None if last is None else str(last), is_last)

    def _rows(self, stream: Stream, domain: Domain, limit: int, context: Context) -> list[dict[str, Any]]:
        """At most `limit` records, flat, each with the instant of its last change as `changed_at`."""
        added = {"changed_at", stream.options.get("per")}
        names = [*(name for name in stream.projection if name not in added), *DATES]
        found = self._call(stream.object, "search_read", [domain, 0, limit, [["id", "ASC"]], names], context)
        rows = [flat(record) for record in found]
        flags = [name for name, kind in stream.fields.items() if kind == "flag"]  # 0 and 1 where the database is SQLite
        for row in rows:
            row |= {name: bool(row[name]) for name in flags if row.get(name) is not None}
            row["changed_at"] = row.get("write_date") or row.get("create_date")
        return rows

    def _call(self, model: str, method: str, arguments: list[Any], context: Context | None = None) -> Any:
        """The result of a method that reads, in the user's own context (company, language), inactive records included."""
        if self._preferences is None:
            self._preferences = self._asked("model.res.user.get_preferences", [True, {}], "the user's preferences")
        full = {**self._preferences, "active_test": False, **(context or {})}
        return self._asked(f"model.{model}.{method}", [*arguments, full], model)

    def _asked(self, method: str, params: list[Any], what: str) -> Any:
        def build(token: Token) -> Request:
            return self._request(method, params, {"authorization": f"Session {token.access}"})

        return self.calls.ask(build, what).payload["result"]

    def _request(self, method: str, params: list[Any], headers: dict[str, str]) -> Request:
        body = orjson.dumps({"id": 0, "method": method, "params": params})
        return Request(f"/{self._now.tryton_database}/rpc/", {}, headers, body)

    def _identity(self) -> str:
        now = self._now
        parts = (now.tryton_base_url, now.tryton_database, now.tryton_user, now.tryton_password.get_secret_value())
        return identity(*parts)

    def _fetch_token(self) -> Token:
        now = self._now
        asked = [now.tryton_user, {"password": now.tryton_password.get_secret_value()}, "en"]
        user_id, session, _ = self.calls.once(self._request("common.db.login", asked, {}), "the password").payload[
            "result"
        ]
        return Token(b64encode(f"{now.tryton_user}:{user_id}:{session}".encode()).decode(), str(user_id), SESSION_S)


def _all(stream: Stream) -> Domain:
    """The domain of the stream's records: those whose flag `where` is set, or the whole model."""
    return [[stream.options["where"], "=", True]] if "where" in stream.options else []


def _behind(last: int | None) -> Domain:
    return [] if last is None else [["id", ">", last]]


def _dated(operators: list[str], instants: list[Any]) -> Domain:
    """The domain of records whose last change passes all comparisons; `write_date` is null until the first write."""
    written = [["write_date", sign, at] for sign, at in zip(operators, instants, strict=True)]
    created = [["create_date", sign, at] for sign, at in zip(operators, instants, strict=True)]
    return [["OR", written, [["write_date", "=", None], *created]]]


def _window(walk: Walk) -> Domain:
    """The domain of records changed within the walk's window."""
    ends = encoded(walk.window_to)
    return _dated([">=", "<"], [encoded(walk.window_from), ends]) if walk.window_from else _dated(["<"], [ends])


def _moved(model: str, numbers: list[int], last: int | None) -> int | None:
    """The last id of a page. Raises StepError when the page does not go on behind `last`."""
    if numbers and last is not None and numbers[0] <= last:
        raise StepError(
            f"Tryton repeats a page of {model} instead of going on behind the last id: look for a module that changes the order of "
            "its records, then rerun"
        )
    return numbers[-1] if numbers else last
