"""Baidu marketing (百度营销): leads of each kind of solution, by windows of at most 30 days in the vendor's local time.

The token travels in the body and is renewed with a refresh token that changes each time. Windows include both ends, to the second. The
stream's object lists the kinds to ask for; each is a question of its own.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from config.settings import Settings, settings
from connectors.baidu_codes import judge, judge_renewal
from connectors.calls import Calls
from connectors.http import Request, Transport
from connectors.pacing import Patience
from connectors.renewal import Renewal
from connectors.sources import Page, Source
from connectors.streams import Stream
from connectors.tokens import Token, TokenStore, identity
from connectors.windows import Span, pieces, whole
from warehouse.parts import Part
from warehouse.steps import StepError
from warehouse.walks import Walk

LONGEST = timedelta(days=30)
PATH = "/json/sms/service/LeadsNoticeService/getNoticeList"
SECOND = timedelta(seconds=1)


def source() -> "Baidu":
    """The tenant's account, as the settings name it."""
    return Baidu()


class Baidu(Source):
    """One advertiser's account."""

    def __init__(self, now: Settings | None = None, patience: Patience | None = None) -> None:
        self._now = now or settings()
        now, secret = self._now, self._now.baidu_refresh_token.get_secret_value()
        transport = Transport("baidu", now.baidu_base_url, deadline_s=now.request_deadline_s)
        renewing = Transport("baidu_oauth", now.baidu_oauth_base_url, deadline_s=now.request_deadline_s)
        self._renewing = Calls("Baidu's token server", renewing, judge_renewal, patience=patience)
        self._renewal = Renewal(now.home / "tokens", "baidu", secret)
        name = f"baidu-{identity(now.baidu_base_url, now.baidu_app_id, now.baidu_user_name, secret)}"
        tokens = TokenStore(now.home / "tokens", name, self._fetch_token)
        super().__init__(Calls("Baidu", transport, judge, tokens=tokens, patience=patience))

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._renewing.close()

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """The leads of the walk's window, one kind and piece after the other; each row says its kind."""
        questions = [(kind, span) for kind in stream.object.split(",") for span in pieces(stream, walk, LONGEST)]
        zone = _zone(stream)
        done = int(walk.last_id or 0)
        for number, (kind, span) in enumerate(questions[done:], done):
            ask, name = partial(self._page, kind, span, zone), f"{kind} {span[0].astimezone(zone):%Y-%m-%d %H:%M}"
            for rows, page, is_last in whole(ask, "clueId", f"Baidu's {kind} leads"):
                told = [{**row, "solutionType": kind} if isinstance(row, dict) else row for row in rows]
                is_end = is_last and number + 1 == len(questions)
                yield Page(told, str(number + is_last), is_end, Part(name, begins=page == 1))

    def faults(self, stream: Stream) -> list[str]:
        """Whether leads of each kind can be read; asks for one second of them."""
        zone, day = _zone(stream), datetime(2026, 1, 1, tzinfo=_zone(stream))
        for kind in stream.object.split(","):
            self._page(kind, (day, day + SECOND), zone, 1)
        return []

    def _page(self, kind: str, span: Span, zone: ZoneInfo, number: int, _last: Any = None) -> tuple[list[Any], int]:
        body = {
            "solutionType": kind,
            "startDate": f"{span[0].astimezone(zone):%Y-%m-%d %H:%M:%S}",
            "endDate": f"{(span[1] - SECOND).astimezone(zone):%Y-%m-%d %H:%M:%S}",
            "pageNo": number,
            "pageSize": self._now.baidu_page_rows,
        }
        payload = self.calls.ask(lambda token: self._signed(body, token), f"the {kind} leads").payload
        found = (payload.get("body") or {}).get("data")
        first = found[0] if isinstance(found, list) and found else None
        if not isinstance(first, dict) or not isinstance(first.get("totalNum"), int):
            raise StepError(
                f"Baidu answered the {kind} leads without a count, which is not the same as no leads: rerun, then ask its support"
            )
        return list(first.get("noticeDetailList") or []), first["totalNum"]

    def _signed(self, body: dict[str, Any], token: Token) -> Request:
        header = {"userName": self._now.baidu_user_name, "accessToken": token.access}
        if self._now.baidu_action:
            header["action"] = self._now.baidu_action
        return Request(PATH, body=orjson.dumps({"header": header, "body": body}))

    def _fetch_token(self) -> Token:
        now = self._now
        asked = {
            "appId": now.baidu_app_id,
            "secretKey": now.baidu_secret_key.get_secret_value(),
            "refreshToken": self._renewal.current(),
            "userId": now.baidu_user_id,
        }
        found = self._renewing.once(
            Request("/oauth/refreshToken", body=orjson.dumps(asked)), "the refresh token"
        ).payload
        fresh = found["data"]
        self._renewal.keep(str(fresh.get("refreshToken") or ""))
        return Token(str(fresh["accessToken"]), now.baidu_user_name, float(fresh["expiresIn"]))


def _zone(stream: Stream) -> ZoneInfo:
    return ZoneInfo((stream.changed and stream.changed.zone) or settings().time_zone)
