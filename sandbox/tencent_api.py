"""Tencent's face of the company's advertising in WeChat: leads of a window of seconds, newest first. Served under /tencent.

Failures travel as HTTP 200 with a code, as the vendor's do. A timestamp off by more than five minutes and a nonce seen before are refused
(the codes of these two are our guess).
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.routing import Route

from sandbox.bearer import Bearer
from sandbox.channels import Channels, Inquiry
from sandbox.clock import ZONE
from sandbox.endpoints import Answered, Api, Asked, World

ACCOUNT, CLIENT, SECRET, REFRESH = "25610001", "1111000001", "sandbox-tencent-secret", "sandbox-tencent-refresh"
LARGEST_PAGE, NUMBERED, LONGEST_S, SKEW_S = 200, 5000, 366 * 86_400, 300
TOKEN_INVALID, REFRESH_VOID, MISSING, BAD_PARAMETER = 11002, 11012, 12000, 18001
TIMESTAMP_OFF, NONCE_REPEATED = 12001, 12002


class Tencent(Api):
    """One advertiser's account."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.channels = Channels(world.store)
        self.bearer = Bearer(world.rules, REFRESH, rotates=False)
        self._nonces: set[str] = set()

    def routes(self) -> list[Route]:
        """The list of leads and the token endpoint."""
        return [
            self.route("/tencent/v3.0/leads_list/get", "tencent_leads", self._leads, ("GET",)),
            self.route("/tencent/oauth/token", "tencent_token", self._renew, ("GET",)),
        ]

    def object_of(self, request: Request, body: Mapping[str, Any]) -> str:
        """There is one thing to ask for."""
        return "leads_list"

    def expire(self) -> Answered:
        """Every access token is forgotten."""
        self.bearer.forget()
        return _answer(TOKEN_INVALID, "Access token is invalid.")

    def refused(self, code: str) -> Answered:
        """A planted code."""
        return _answer(int(code), "planted by a test")

    def emptied(self, answered: Answered) -> Answered:
        """No leads and none counted."""
        return replace(answered, payload=_answer(0, "", _listed([], 1, LARGEST_PAGE, 0)).payload)

    def _renew(self, asked: Asked) -> Answered:
        query = asked.request.query_params
        fresh = self.bearer.renew(query.get("refresh_token", ""))
        secret = query.get("client_secret")
        is_app = query.get("client_id") == CLIENT and self.world.rules.takes("tencent_client_secret", SECRET, secret)
        if not is_app or fresh is None:
            return _answer(REFRESH_VOID, "Refresh token is expired.")
        life = int(self.world.rules.token_life_s)
        return _answer(0, "", {"access_token": fresh[0], "refresh_token": fresh[1], "access_token_expires_in": life})

    def _leads(self, asked: Asked) -> Answered:
        query = asked.request.query_params
        refused = self._unsigned(query)
        if refused:
            return refused
        try:
            window = orjson.loads(query["time_range"])
            start, end = int(window["start_time"]), int(window["end_time"])
            size, number = int(query.get("page_size", 10)), int(query.get("page", 1))
            behind = orjson.loads(query["last_search_after_values"]) if "last_search_after_values" in query else None
            is_known = query["account_id"] == ACCOUNT and window["time_type"] == "TIME_TYPE_ACTION_TIME"
        except (KeyError, ValueError, TypeError):
            return _answer(BAD_PARAMETER, "a parameter is missing or malformed")
        if not is_known or not start < end <= start + LONGEST_S or not 1 <= size <= LARGEST_PAGE or number < 1:
            return _answer(BAD_PARAMETER, "account, window or page is out of range")
        if behind is None and number * size > NUMBERED:
            return _answer(BAD_PARAMETER, f"leads behind {NUMBERED} are found by last_search_after_values")
        held = self.channels.inquiries("tencent", start * 1000, end * 1000 + 1000)
        newest = sorted(held, key=lambda each: (each.at_ms, each.number), reverse=True)
        if behind is not None:
            place = (int(behind[0]), int(behind[1]))
            page = [each for each in newest if (each.at_ms, each.number) < place][:size]
        else:
            page = newest[(number - 1) * size : number * size]
        found = _listed([self._lead(each) for each in page], number, size, len(newest))
        return replace(_answer(0, "", found), rows=len(page))

    def _lead(self, inquiry: Inquiry) -> dict[str, Any]:
        return _lead(inquiry, is_in_seconds=self.world.rules.tencent_times_are_seconds)

    def _unsigned(self, query: Mapping[str, str]) -> Answered | None:
        """What is wrong with how a request is signed."""
        token, stamp, nonce = (query.get(name, "") for name in ("access_token", "timestamp", "nonce"))
        if not token or not stamp.isdigit() or not 1 <= len(nonce) <= 32:
            return _answer(MISSING, "access_token, timestamp or nonce is missing")
        if abs(time.time() - int(stamp)) > SKEW_S:
            return _answer(TIMESTAMP_OFF, "the timestamp is off by more than five minutes")
        if nonce in self._nonces:
            return _answer(NONCE_REPEATED, "the nonce was used before")
        self._nonces.add(nonce)
        return None if self.bearer.holds(token) else _answer(TOKEN_INVALID, "Access token is invalid.")


def _answer(code: int, message: str, data: dict[str, Any] | None = None) -> Answered:
    return Answered({"code": code, "message": message, "message_cn": "", "data": data or {}}, code=code)


def _listed(rows: list[dict[str, Any]], number: int, size: int, total: int) -> dict[str, Any]:
    pages = {"page": number, "page_size": size, "total_number": total, "total_page": -(-total // size)}
    return {"list": rows, "page_info": pages}


def _lead(inquiry: Inquiry, *, is_in_seconds: bool) -> dict[str, Any]:
    return {
        "leads_id": inquiry.number,
        "click_id": f"ck-{inquiry.number}",
        "adgroup_id": 22 + inquiry.number % 5,
        "campaign_name": f"{('华东', '华南', '全国')[inquiry.number % 3]}-表单",
        "leads_type": "LEADS_TYPE_FORM",
        "leads_name": inquiry.name,
        "leads_telephone": inquiry.phone,
        "leads_action_time": inquiry.at_ms // 1000
        if is_in_seconds
        else f"{datetime.fromtimestamp(inquiry.at_ms / 1000, ZONE):%Y-%m-%d %H:%M:%S}",
        "leads_potential_score": inquiry.number % 100,
    }
