"""Fxiaoke (纷享销客) CRM: signing in, asking for pages, reading one record, writing one record.

The gateway answers HTTP 200 also for failures; `fxiaoke_codes` says what each `errorCode` of the body asks of us. Instants are
epoch milliseconds. A page holds at most 100 records and is found by keyset on `_id`: the offset stays 0.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import orjson

from config.settings import Settings, settings
from connectors.calls import Answer, Calls, Decoded
from connectors.decoding import Rows, decode
from connectors.fxiaoke_codes import judge
from connectors.fxiaoke_query import behind, condition, found, later, prefix, searching, window
from connectors.http import Request, Transport
from connectors.pacing import Pace, Patience
from connectors.slices import whole
from connectors.sources import Page, Source
from connectors.streams import Stream, mapping_of, mapping_path
from connectors.tokens import Token, TokenStore, identity
from warehouse.steps import StepError
from warehouse.walks import Walk

PAGE = 100


def source() -> "Fxiaoke":
    """The tenant's CRM, as the settings name it."""
    return Fxiaoke()


class Fxiaoke(Source):
    """One tenant's CRM."""

    def __init__(self, now: Settings | None = None, patience: Patience | None = None) -> None:
        self._now = now or settings()
        transport = Transport("fxiaoke", self._now.fxiaoke_base_url, deadline_s=self._now.request_deadline_s)
        tokens = TokenStore(self._now.home / "tokens", f"fxiaoke-{self._identity()}", self._fetch_token)
        pace = Pace(self._now.fxiaoke_requests_per_20s)
        super().__init__(Calls("Fxiaoke", transport, judge, tokens=tokens, patience=patience, pace=pace))

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """The records changed within the walk's window, by ascending `_id` behind the last one that landed."""
        read = self._keyset if walk.window_from else self._whole
        yield from read(stream.object, window(stream, walk), stream.projection, walk.last_id)

    def ids(self, stream: Stream) -> Iterator[list[str]]:
        """The `_id`s of all records of the object, page after page: slices would cost a night some requests more."""
        for page in self._keyset(stream.object, [], ["_id"], None):
            yield [row["_id"] for row in page.rows if isinstance(row, dict) and isinstance(row.get("_id"), str)]

    def held_back(self, stream: Stream, walk: Walk) -> int:
        """How many records (at most 100) others than we changed after the walk's window."""
        rows = self.query(stream.object, [later(stream, walk)], ["_id", "last_modified_by"])
        ours = self._now.fxiaoke_user_id
        return sum(1 for row in rows if isinstance(row, dict) and row.get("last_modified_by") not in (ours, [ours]))

    def faults(self, stream: Stream) -> list[str]:
        """Mapped fields that the object lacks, those for our scores included where write-back is on."""
        known, wanted = self.describe(stream.object), [stream.theirs(name) for name in stream.fields]
        for back in mapping_of("fxiaoke").write_backs.values():
            if stream.object == back.object and self._now.writeback == "fxiaoke":
                wanted += [target.field for target in back.fields.values()]
        self.query(stream.object, [], ["_id"], limit=1)
        return [
            f"{stream.object} has no field {field}: add it in the CRM or correct {mapping_path('fxiaoke')}"
            for field in wanted
            if field not in known
        ]

    def query(
        self, object_name: str, filters: list[dict[str, Any]], fields: list[str], limit: int = PAGE, *, newest_by: str = ""
    ) -> Sequence[Any]:  # fmt: skip
        """At most `limit` records of the object that pass all `filters`, by ascending `_id`, or the greatest of a field; oddities too."""
        rows = self.listed(object_name, filters, fields, limit, newest_by)
        if isinstance(rows, dict):
            return [rows]
        if not isinstance(rows, list | Rows):
            raise StepError(
                f"Fxiaoke answered {object_name} without a dataList, which is not the same as no data: "
                "rerun, then ask its support"
            )
        return rows

    def listed(
        self, object_name: str, filters: list[dict[str, Any]], fields: list[str], limit: int, newest_by: str = ""
    ) -> Any:
        """`dataList` as the CRM sends it: rows, of some tenants a map for a single record."""
        body = searching(object_name, filters, fields, limit, newest_by)
        return self.data(f"{prefix(object_name)}/data/query", body, what=object_name, decoded=found).get("dataList")

    def get(self, object_name: str, record_id: str) -> dict[str, Any]:
        """One record with all its fields."""
        body = {"data": {"dataObjectApiName": object_name, "objectDataId": record_id}}
        data = self.data(f"{prefix(object_name)}/data/get", body, what=f"{object_name} {record_id}")
        found = data.get("objectData", data)
        return found if isinstance(found, dict) else {}

    def describe(self, object_name: str) -> dict[str, Any]:
        """The fields that the object has in this tenant, by name."""
        body = {"includeDetail": True, "data": {"apiName": object_name}}
        described = self.data("/cgi/crm/v2/object/describe", body, what=object_name).get("describe", {})
        return dict(described.get("fields", {}))

    def update(self, object_name: str, record_id: str, values: dict[str, Any]) -> Answer:
        """Set `values` (None clears) on one record without firing the customer's workflows. Sent at most once unless certainly unseen.

        Raises RefusedError with reaction `unknown`, or UnansweredError, when the CRM may or may not have done it.
        """
        row = {"_id": record_id, "dataObjectApiName": object_name, **values}
        body = {"triggerWorkFlow": False, "triggerApprovalFlow": False, "data": {"object_data": row, "details": {}}}
        path = f"{prefix(object_name)}/data/update"
        return self.calls.ask(
            lambda token: self._signed(path, body, token), f"{object_name} {record_id}", is_write=True
        )

    def post(self, path: str, body: dict[str, Any], what: str, decoded: Decoded = decode) -> Answer:
        """The answer of any other endpoint. Asked again when it is unknown whether the CRM did it."""
        return self.calls.ask(lambda token: self._signed(path, body, token), what, decoded=decoded)

    def _keyset(
        self, object_name: str, filters: list[dict[str, Any]], fields: list[str], last_id: str | None, up_to: str | None = None
    ) -> Iterator[Page]:  # fmt: skip
        ends = [] if up_to is None else [condition("_id", "LTE", up_to)]
        is_last = False
        while not is_last:
            after = [] if last_id is None else [condition("_id", "GT", last_id)]
            rows = self.query(object_name, [*filters, *after, *ends], fields)
            is_full = len(rows) == PAGE
            last_id = behind(rows, last_id, object_name, must_move=is_full)
            is_last = not is_full or last_id == up_to
            yield Page(rows, last_id, is_last)

    def _whole(
        self, object_name: str, filters: list[dict[str, Any]], fields: list[str], last_id: str | None
    ) -> Iterator[Page]:
        """The same, slices of ids side by side where much is left."""
        return whole(
            partial(self._keyset, object_name, filters, fields),
            last_id,
            partial(self.query, object_name, filters, ["_id"], limit=1, newest_by="_id"),
            self._now.concurrency,
        )

    def data(self, path: str, body: dict[str, Any], *, what: str, decoded: Decoded = decode) -> dict[str, Any]:
        """The data that one endpoint answers."""
        payload = self.post(path, body, what, decoded).payload
        data = payload.get("data")
        return data if isinstance(data, dict) else payload

    def _identity(self) -> str:
        now = self._now
        secret_parts = (now.fxiaoke_app_secret.get_secret_value(), now.fxiaoke_permanent_code.get_secret_value())
        parts = (now.fxiaoke_base_url, now.fxiaoke_app_id, now.fxiaoke_auth_style, *secret_parts)
        return identity(*parts)

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
            found = self.calls.once(request, "the app secret").payload
            return Token(str(found["accessToken"]), str(found["ea"]), float(found["expiresIn"]))
        found = self.calls.once(
            Request("/cgi/corpAccessToken/get/V2", body=orjson.dumps(asked)), "the app secret"
        ).payload
        return Token(str(found["corpAccessToken"]), str(found["corpId"]), float(found["expiresIn"]))
