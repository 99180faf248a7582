"""Tencent advertising (腾讯广告): leads by the second they were sent, newest first, in windows of at most a year.

Token, timestamp and nonce travel in the query and are made anew for each attempt: a nonce is used once, a timestamp may differ from the
vendor's by five minutes. The first 5,000 leads of a window are found by page number, those behind by the last one seen.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import orjson

from config.settings import Settings, settings
from connectors.calls import Calls
from connectors.http import Request, Transport
from connectors.pacing import Patience
from connectors.reading import milliseconds
from connectors.renewal import Renewal
from connectors.sources import Page, Source
from connectors.streams import Stream
from connectors.tencent_codes import judge
from connectors.tokens import Token, TokenStore, identity
from connectors.windows import Span, pieces, whole
from warehouse.parts import Part
from warehouse.steps import StepError
from warehouse.walks import Walk

PAGE = 200
NUMBERED = 5000  # leads of a window that pages with a number reach
LONGEST = timedelta(days=365)
PATH = "/v3.0/leads_list/get"


def source() -> "Tencent":
    """The tenant's account, as the settings name it."""
    return Tencent()


class Tencent(Source):
    """One advertiser's account."""

    def __init__(self, now: Settings | None = None, patience: Patience | None = None) -> None:
        self._now = now or settings()
        now, secret = self._now, self._now.tencent_refresh_token.get_secret_value()
        transport = Transport("tencent", now.tencent_base_url, deadline_s=now.request_deadline_s)
        self._renewal = Renewal(now.home / "tokens", "tencent", secret)
        name = f"tencent-{identity(now.tencent_base_url, now.tencent_client_id, now.tencent_account_id, secret)}"
        tokens = TokenStore(now.home / "tokens", name, self._fetch_token)
        super().__init__(Calls("Tencent", transport, judge, tokens=tokens, patience=patience))

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """The leads of the walk's window, piece by piece. Windows may include their end: the next day's are left."""
        spans, done, zone = pieces(stream, walk, LONGEST), int(walk.last_id or 0), _zone(stream)
        for number, span in enumerate(spans[done:], done):
            name = f"{span[0].astimezone(zone):%Y-%m-%d %H:%M}"
            for rows, page, is_last in whole(partial(self._page, span, zone), "leads_id", "Tencent's list of leads"):
                kept = [row for row in rows if (sent := _sent(row, zone)) is None or sent < span[1]]
                is_end = is_last and number + 1 == len(spans)
                yield Page(kept, str(number + is_last), is_end, Part(name, begins=page == 1))

    def faults(self, stream: Stream) -> list[str]:
        """Whether leads can be read; asks for a second of them."""
        zone, day = _zone(stream), datetime(2026, 1, 1, tzinfo=_zone(stream))
        self._page((day, day + timedelta(seconds=1)), zone, 1, None)
        return []

    def _page(self, span: Span, zone: ZoneInfo, number: int, last: Any) -> tuple[list[Any], int]:
        window = {
            "start_time": milliseconds(span[0]) // 1000,
            "end_time": milliseconds(span[1]) // 1000,
            "time_type": "TIME_TYPE_ACTION_TIME",
        }
        params = {"account_id": self._now.tencent_account_id, "time_range": orjson.dumps(window).decode()}
        params |= {"page_size": str(PAGE)} | _place(number, last, zone)
        payload = self.calls.ask(lambda token: self._signed(params, token), "the list of leads").payload
        data = payload.get("data")
        rows = data.get("list") if isinstance(data, dict) else None
        total = (data.get("page_info") or {}).get("total_number") if isinstance(data, dict) else None
        if not isinstance(rows, list) or not isinstance(total, int):
            raise StepError(
                "Tencent answered the list of leads without list and count, which is not the same as no leads: "
                "rerun, then ask its support"
            )
        return rows, total

    def _signed(self, params: dict[str, str], token: Token) -> Request:
        signed = {"access_token": token.access, "timestamp": str(int(time.time())), "nonce": uuid4().hex}
        return Request(PATH, signed | params, method="GET")

    def _fetch_token(self) -> Token:
        now = self._now
        params = {
            "client_id": now.tencent_client_id,
            "client_secret": now.tencent_client_secret.get_secret_value(),
            "grant_type": "refresh_token",
            "refresh_token": self._renewal.current(),
        }
        fresh = self.calls.once(Request("/oauth/token", params, method="GET"), "the refresh token").payload["data"]
        self._renewal.keep(str(fresh.get("refresh_token") or ""))
        return Token(str(fresh["access_token"]), now.tencent_account_id, float(fresh["access_token_expires_in"]))


def _place(number: int, last: Any, zone: ZoneInfo) -> dict[str, str]:
    """Where a page begins: its number, or behind the last lead seen (milliseconds and id) where numbers do not reach."""
    if number * PAGE <= NUMBERED:
        return {"page": str(number)}
    sent = _sent(last, zone)
    if sent is None:
        raise StepError(
            "Tencent showed a lead without its time where the next page begins: ask its support, then rerun"
        )
    behind = [str(milliseconds(sent)), str(last["leads_id"])]
    return {"last_search_after_values": orjson.dumps(behind).decode()}


def _sent(row: Any, zone: ZoneInfo) -> datetime | None:
    try:
        told = row["leads_action_time"]
        if isinstance(told, int):  # some accounts are told seconds
            return datetime.fromtimestamp(told, zone)
        return datetime.fromisoformat(told).replace(tzinfo=zone)
    except (KeyError, TypeError, ValueError):
        return None


def _zone(stream: Stream) -> ZoneInfo:
    return ZoneInfo((stream.changed and stream.changed.zone) or settings().time_zone)
