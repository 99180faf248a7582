"""Fxiaoke (纷享销客) CRM: signing in, asking for pages, reading one record, writing one record.

The gateway answers HTTP 200 also for failures; `fxiaoke_codes` says what each `errorCode` of the body asks of us. Instants are
epoch milliseconds. A page holds at most 100 records and is found by keyset on `_id`: the offset stays 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar
from uuid import uuid4

import orjson

from config.settings import Settings, settings
from connectors.decoding import UndecodableError, decode
from connectors.fxiaoke_codes import REACTIONS, TOO_FAST, TOO_FAST_WAIT_S, RefusedError
from connectors.http import Pace, Patience, Request, Transport, UnansweredError
from connectors.tokens import Token, TokenStore
from warehouse.steps import StepError

Result = TypeVar("Result")
PAGE = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: its `data` part and the vendor's trace id."""

    data: dict[str, Any]
    trace_id: str


class Fxiaoke:
    """One tenant's CRM. `requests` counts what was sent, token requests aside."""

    def __init__(self, now: Settings | None = None, patience: Patience | None = None) -> None:
        self._now = now or settings()
        if not self._now.fxiaoke_app_id:
            raise StepError(
                "no source is connected: set LANDFALL_FXIAOKE_APP_ID and its secrets, "
                "or LANDFALL_INPUT_DIR and LANDFALL_MAPPING, then rerun"
            )
        self._transport = Transport("fxiaoke", self._now.fxiaoke_base_url, deadline_s=self._now.request_deadline_s)
        self.patience = patience or Patience()
        self._pace = Pace(self._now.fxiaoke_requests_per_20s)
        self._tokens = TokenStore(self._now.home / "tokens", f"fxiaoke-{self._identity()}", self._fetch_token)
        self.requests = 0

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def query(self, object_name: str, filters: list[dict[str, Any]], fields: list[str], limit: int = PAGE) -> list[Any]:
        """At most `limit` records of the object that pass all `filters`, by ascending `_id`; unparsed oddities included."""
        search = {
            "limit": limit,
            "offset": 0,
            "filters": filters,
            "orders": [{"fieldName": "_id", "isAsc": True}],
            "fieldProjection": fields,
        }
        body = {
            "data": {"dataObjectApiName": object_name, "find_explicit_total_num": False, "search_query_info": search}
        }
        found = self._call(f"{_prefix(object_name)}/data/query", body, what=object_name).data.get("dataList")
        if isinstance(found, dict):
            return [found]
        if not isinstance(found, list):
            raise StepError(
                f"Fxiaoke answered {object_name} without a dataList, which is not the same as no data: "
                "rerun, then ask its support"
            )
        return found

    def get(self, object_name: str, record_id: str) -> dict[str, Any]:
        """One record with all its fields."""
        body = {"data": {"dataObjectApiName": object_name, "objectDataId": record_id}}
        data = self._call(f"{_prefix(object_name)}/data/get", body, what=f"{object_name} {record_id}").data
        found = data.get("objectData", data)
        return found if isinstance(found, dict) else {}

    def describe(self, object_name: str) -> set[str]:
        """Names of the fields that the object has in this tenant."""
        body = {"includeDetail": True, "data": {"apiName": object_name}}
        described = self._call("/cgi/crm/v2/object/describe", body, what=object_name).data.get("describe", {})
        return set(described.get("fields", {}))

    def update(self, object_name: str, record_id: str, values: dict[str, Any]) -> Answer:
        """Set `values` (None clears) on one record without firing the customer's workflows. Sent at most once unless certainly unseen.

        Raises RefusedError with reaction `unknown`, or UnansweredError, when the CRM may or may not have done it.
        """
        row = {"_id": record_id, "dataObjectApiName": object_name, **values}
        body = {"triggerWorkFlow": False, "triggerApprovalFlow": False, "data": {"object_data": row, "details": {}}}
        return self._call(f"{_prefix(object_name)}/data/update", body, what=f"{object_name} {record_id}", is_write=True)

    def sign_in(self) -> None:
        """Make sure that there is a token. Raises RefusedError when app, secret or code are wrong."""
        self._retrying(lambda: self._tokens.get(), "the sign-in", is_write=False)

    def _call(self, path: str, body: dict[str, Any], *, what: str, is_write: bool = False) -> Answer:
        refused: Token | None = None

        def attempt() -> Answer:
            nonlocal refused
            token = self._tokens.get(instead_of=refused)
            self._pace.take(path)
            self.requests += 1
            try:
                return self._send(self._signed(path, body, token), what)
            except RefusedError as error:
                if error.reaction != "refresh" or refused is not None:
                    raise
                refused = token
            return attempt()

        return self._retrying(attempt, what, is_write=is_write)

    def _retrying(self, attempt: Callable[[], Result], what: str, *, is_write: bool) -> Result:
        for number in range(self.patience.attempts):
            is_last = number + 1 == self.patience.attempts
            try:
                return attempt()
            except RefusedError as error:
                retried = error.reaction == "back_off" or (error.reaction == "unknown" and not is_write)
                if is_last or not retried:
                    raise
                self.patience.wait(number, TOO_FAST_WAIT_S if error.code in TOO_FAST else None)
            except UnansweredError as error:
                if error.is_sent and is_write:
                    raise
                if is_last:
                    raise StepError(
                        f"{error} after {number + 1} attempts for {what}: check that the CRM is up and "
                        "LANDFALL_FXIAOKE_BASE_URL is right, then rerun; the walk goes on at its last page"
                    ) from None
                self.patience.wait(number, error.retry_after_s)
        raise AssertionError("unreachable")

    def _send(self, request: Request, what: str) -> Answer:
        text = self._transport.post(request)
        try:
            envelope = decode(text)
        except UndecodableError:
            raise UnansweredError("fxiaoke sent no complete JSON", is_sent=True) from None
        if not isinstance(envelope, dict) or not isinstance(envelope.get("errorCode"), int):
            raise UnansweredError("fxiaoke sent JSON without an errorCode", is_sent=True)
        code, trace_id = envelope["errorCode"], str(envelope.get("traceId", ""))
        reaction, advice = REACTIONS.get(code, ("skip", ""))
        if reaction != "ok":
            raise RefusedError(what, code, reaction, advice, trace_id)
        data = envelope.get("data")
        return Answer(data if isinstance(data, dict) else envelope, trace_id)

    def _identity(self) -> str:
        now = self._now
        secret_parts = (now.fxiaoke_app_secret.get_secret_value(), now.fxiaoke_permanent_code.get_secret_value())
        parts = (now.fxiaoke_base_url, now.fxiaoke_app_id, now.fxiaoke_auth_style, *secret_parts)
        return sha256("\x1f".join(parts).encode()).hexdigest()[:16]

    def _signed(self, path: str, body: dict[str, Any], token: Token) -> Request:
        params = {"thirdTraceId": str(uuid4())}
        if self._now.fxiaoke_auth_style == "header":
            headers = {
                "authorization": f"Bearer {token.access}",
                "x-fs-ea": token.company,
                "x-fs-userid": self._now.fxiaoke_user_id,
            }
            return Request(path, params, headers, orjson.dumps(body))
        signed = {
            "corpAccessToken": token.access,
            "corpId": token.company,
            "currentOpenUserId": self._now.fxiaoke_user_id,
            **body,
        }
        return Request(path, params, {}, orjson.dumps(signed))

    def _fetch_token(self) -> Token:
        now = self._now
        asked = {
            "appId": now.fxiaoke_app_id,
            "appSecret": now.fxiaoke_app_secret.get_secret_value(),
            "permanentCode": now.fxiaoke_permanent_code.get_secret_value(),
        }
        if now.fxiaoke_auth_style == "header":
            request = Request(
                "/oauth2.0/token", {"thirdTraceId": str(uuid4())}, {}, orjson.dumps(asked | {"grantType": "app_secret"})
            )
            found = self._send(request, "the app secret").data
            return Token(str(found["accessToken"]), str(found["ea"]), float(found["expiresIn"]))
        found = self._send(Request("/cgi/corpAccessToken/get/V2", {}, {}, orjson.dumps(asked)), "the app secret").data
        return Token(str(found["corpAccessToken"]), str(found["corpId"]), float(found["expiresIn"]))


def _prefix(object_name: str) -> str:
    return "/cgi/crm/custom/v2" if object_name.endswith("__c") else "/cgi/crm/v2"
