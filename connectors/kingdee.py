"""Kingdee K3Cloud (金蝶云星空) ERP: signing in or signing each request, and reading bills by ExecuteBillQuery.

A row is one entry of a bill with its header's fields repeated, so a record's key is FID|entry id. Times are text in the server's local
time (the zone in the stream's mapping). Pages are found by keyset on the key under a total order; where the mapping says
`paging: offset`, by StartRow, each page overlapping the one before by a row so that a shift is noticed. Failures come as HTTP 200:
`kingdee_codes` reads them.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import orjson

from config.settings import Settings, settings
from connectors import kingdee_signing
from connectors.calls import Answer, Calls
from connectors.http import Request
from connectors.kingdee_codes import KingdeeTransport, judge, unwrapped
from connectors.kingdee_query import behind, known_fields, literal_cursor, window
from connectors.pacing import Pace, Patience
from connectors.sources import Page, Source
from connectors.streams import Stream, mapping_path
from connectors.tokens import Token, TokenStore, identity
from warehouse.steps import StepError
from warehouse.walks import Walk

SERVICE = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.{}.common.kdsvc"
SIGN_IN, QUERY, INFO = (
    SERVICE.format(name)
    for name in (
        "AuthService.LoginByAppSecret", "DynamicFormService.ExecuteBillQuery", "DynamicFormService.QueryBusinessInfo",
    )
)  # fmt: skip
MOST_ROWS = 2000  # the documented ceiling of Limit
ROUND = (
    100  # a server's own lower ceiling is a round number: a short page of such a size is not believed to be the last
)
SESSION_S = 7200.0  # a session's life is the tenant's secret: it is used until it is refused


def source() -> "Kingdee":
    """The tenant's ERP, as the settings name it."""
    return Kingdee()


class Kingdee(Source):
    """One tenant's ERP."""

    def __init__(self, now: Settings | None = None, patience: Patience | None = None) -> None:
        self._now = now or settings()
        self._is_signed = self._now.kingdee_auth_style == "signed"
        self.is_encoded_twice = False  # the last answer's JSON was a text of JSON
        self._limit = min(self._now.kingdee_page_rows, MOST_ROWS)
        transport = KingdeeTransport("kingdee", self._now.kingdee_base_url, deadline_s=self._now.request_deadline_s)
        sessions = TokenStore(self._now.home / "tokens", f"kingdee-{self._identity()}", self._sign_in)
        tokens = None if self._is_signed else sessions
        pace = Pace(self._now.kingdee_requests_per_20s)
        super().__init__(Calls("Kingdee", transport, judge, tokens=tokens, patience=patience, pace=pace))

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """The entries changed within the walk's window behind the last key that landed; a snapshot's all."""
        if stream.options.get("paging") == "offset":
            yield from self._by_offset(stream)
        else:
            yield from self._by_key(stream, window(stream, walk), stream.projection, walk.last_id)

    def ids(self, stream: Stream) -> Iterator[list[str]]:
        """The keys of all entries that exist."""
        for page in self._by_key(stream, [], stream.key, None):
            yield ["|".join(str(row[name]) for name in stream.key) for row in page.rows if isinstance(row, dict)]

    def held_back(self, stream: Stream, walk: Walk) -> int:
        """How many entries (at most 100) changed after the walk's window."""
        if stream.changed is None:
            return 0
        later = window(stream, walk, is_behind=True)
        return len(self.query(stream.object, stream.key, later, order=stream.key, limit=ROUND))

    def faults(self, stream: Stream) -> list[str]:
        """Mapped fields that the form lacks; asks for one row to see that the whole list is granted."""
        known = known_fields(self.described(stream.object))
        missing = [field for field in stream.projection if field.partition(".")[0] not in known]
        if not missing:
            self.query(stream.object, stream.projection, [], order=stream.key, limit=1)
        return [
            f"{stream.object} has no field {field}: correct it in {mapping_path('kingdee')}, or ask the ERP's administrator"
            for field in missing
        ]

    def describe(self, object_name: str) -> set[str]:
        """Names of the form's fields."""
        return known_fields(self.described(object_name))

    def described(self, form: str) -> dict[str, Any]:
        """What the server says of a form's fields."""
        found = unwrapped(self._asked(INFO, {"FormId": form}, form).payload)
        return dict(found["Result"].get("NeedReturnData") or {})

    def query(
        self, form: str, fields: list[str], filters: list[str], *, order: list[str], limit: int, start: int = 0,
        is_newest_first: bool = False,
    ) -> list[Any]:  # fmt: skip
        """At most `limit` rows of the form that pass all `filters`, in ascending `order` (or descending), by the names of `fields`."""
        body = {
            "FormId": form,
            "FieldKeys": ",".join(fields),
            "FilterString": " and ".join(filters),
            "OrderString": ", ".join(f"{name} {'DESC' if is_newest_first else 'ASC'}" for name in order),
            "TopRowCount": 0,
            "StartRow": start,
            "Limit": limit,
        }
        payload = self._asked(QUERY, body, form).payload
        rows, self.is_encoded_twice = unwrapped(payload), isinstance(payload, str)
        return [dict(zip(fields, row, strict=True)) if len(row) == len(fields) else row for row in rows]

    def _by_key(self, stream: Stream, filters: list[str], fields: list[str], last: str | None) -> Iterator[Page]:
        filters = [*filters, *filter(None, [stream.options.get("filter", "")])]
        is_last = False
        while not is_last:
            after = [behind(stream.key, last)] if last is not None else []
            rows = self.query(stream.object, fields, filters + after, order=stream.key, limit=self._limit)
            is_last = self._ends(rows)
            reached = literal_cursor(stream.key, rows)
            if not is_last and (reached is None or reached == last):
                raise StepError(
                    f"Kingdee repeats a page of {stream.object} instead of going on behind the last key: ask its support, then rerun"
                )
            last = reached or last
            yield Page(rows, last, is_last)

    def _by_offset(self, stream: Stream) -> Iterator[Page]:
        filters = list(filter(None, [stream.options.get("filter", "")]))
        start, former = 0, None
        while True:
            rows = self.query(
                stream.object, stream.projection, filters, order=stream.key, limit=self._limit, start=start
            )
            if former is not None and (not rows or literal_cursor(stream.key, rows[:1]) != former):
                raise StepError(
                    f"the rows of {stream.object} moved while they were read page by page: rerun, the whole is read again"
                )
            is_last = self._ends(rows)
            fresh = rows if former is None else rows[1:]
            former = literal_cursor(stream.key, rows[-1:])
            start += len(rows) - 1
            yield Page(fresh, None, is_last)
            if is_last:
                return

    def _ends(self, rows: list[Any]) -> bool:
        return len(rows) < self._limit and (not rows or len(rows) % ROUND != 0)

    def _asked(self, path: str, data: dict[str, Any], what: str) -> Answer:
        return self.calls.ask(lambda token: self._request(path, data, token), what)

    def _request(self, path: str, data: dict[str, Any], token: Token) -> Request:
        """The request as its style sends it: data beside a signature, or parameters within a session."""
        now = self._now
        if self._is_signed:
            below = urlsplit(now.kingdee_base_url).path.rstrip("/")
            who = f"{now.kingdee_account_id},{now.kingdee_user},{now.kingdee_language},{now.kingdee_organization}"
            signed = kingdee_signing.headers(
                now.kingdee_app_id, now.kingdee_app_secret.get_secret_value(), who, f"{below}{path}",
                timestamp=str(int(time.time())), nonce=uuid4().hex,
            )  # fmt: skip
            return Request(path, {}, signed, orjson.dumps({"data": data}))
        cookie = {"cookie": f"kdservice-sessionid={token.access}"}
        return Request(path, {}, cookie, orjson.dumps({"parameters": [orjson.dumps(data).decode()]}))

    def _identity(self) -> str:
        now = self._now
        parts = (now.kingdee_base_url, now.kingdee_account_id, now.kingdee_user, now.kingdee_app_id)
        return identity(*parts, now.kingdee_app_secret.get_secret_value())

    def _sign_in(self) -> Token:
        now = self._now
        secret = now.kingdee_app_secret.get_secret_value()
        body = {
            "format": 1,
            "useragent": "ApiClient",
            "rid": uuid4().hex[:8],
            "parameters": [
                now.kingdee_account_id,
                now.kingdee_user,
                now.kingdee_app_id,
                secret,
                now.kingdee_language,
            ],
            "timestamp": datetime.now(UTC).astimezone(ZoneInfo(now.time_zone)).strftime("%Y-%m-%d %H:%M:%S"),
            "v": "1.0",
        }
        found = unwrapped(self.calls.once(Request(SIGN_IN, body=orjson.dumps(body)), "the sign-in").payload)
        return Token(str(found["KDSVCSessionId"]), now.kingdee_account_id, SESSION_S)
