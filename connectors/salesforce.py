"""Salesforce: signing in, asking for pages by query, counting, describing, reading back and updating collections of records.

A session has no refresh token: another one is asked for when it is refused. A page holds at most 2,000 records
and may hold fewer; within one walk the next page is where the answer says, a killed walk goes on by time and id. `queryAll` shows what lies
in the recycle bin, which is how deletions are told.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import orjson

from config.settings import Settings, settings
from connectors.calls import Answer, Calls, RefusedError
from connectors.decoding import decode_exact
from connectors.http import Request, Transport
from connectors.pacing import Patience
from connectors.salesforce_bulk import BulkQuery, is_of_job
from connectors.salesforce_codes import judge
from connectors.salesforce_ingest import BulkUpdate
from connectors.salesforce_query import behind, dated_by, flat, literal, moved, select, window
from connectors.salesforce_sign_in import credentials, sign_in
from connectors.sources import Page, Source, must_move
from connectors.streams import Stream, mapping_of, mapping_path
from connectors.tokens import Token, TokenStore
from warehouse.receipts import Outcome
from warehouse.steps import StepError
from warehouse.walks import Walk

LONG_WINDOW = timedelta(days=7)
SESSION_S = (
    7200.0  # an org's sessions last two hours unless it says otherwise; a shorter one costs a refusal and another token
)


def source() -> "Salesforce":
    """The tenant's org, as the settings name it."""
    return Salesforce()


class Salesforce(Source):
    """One org."""

    def __init__(self, now: Settings | None = None, patience: Patience | None = None) -> None:
        self._now = now or settings()
        transport = Transport("salesforce", self._now.salesforce_base_url, deadline_s=self._now.request_deadline_s)
        tokens = TokenStore(self._now.home / "tokens", f"salesforce-{credentials(self._now)}", self._fetch_token)
        super().__init__(Calls("Salesforce", transport, judge, tokens=tokens, patience=patience))

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """The records changed within the walk's window, oldest change first; a first load or a long window of many records by a job, in no
        order. Cursor: instant and id of the last one, or the job's own."""
        cursor, is_done = walk.last_id, False
        if is_of_job(cursor) or (not cursor and self._is_for_a_job(stream, walk)):
            asked = select(stream, window(stream, walk), is_ordered=False)
            for rows, place, is_whole in BulkQuery(self.calls, self._path("jobs/query")).read(
                asked, stream.object, cursor
            ):
                yield Page([flat(stream, row) for row in rows], place, is_whole)
            return
        while not is_done:  # once, and again where the place in an answer was forgotten
            asked = select(stream, [*window(stream, walk), *behind(stream, cursor)])
            for rows, is_done in self._answer("queryAll", asked, stream.object):
                flattened = [flat(stream, row) for row in rows]
                cursor = moved(stream, flattened, cursor, goes_on=not is_done)
                yield Page(flattened, cursor, is_done)

    def ids(self, stream: Stream) -> Iterator[list[str]]:
        """The ids of all records that are not in the recycle bin."""
        last, is_whole = "", False
        while not is_whole:
            where = f" WHERE Id > '{last}'" if last else ""
            asked = f"SELECT Id FROM {stream.object}{where} ORDER BY Id"  # noqa: S608 - names of the mapping, an id of letters and digits
            for rows, is_done in self._answer("query", asked, stream.object):
                is_whole = is_done
                found = [row["Id"] for row in rows if isinstance(row, dict) and str(row.get("Id")).isalnum()]
                last = found[-1] if found else last
                yield found

    def held_back(self, stream: Stream, walk: Walk) -> int:
        """How many records others than we changed after the walk's window."""
        conditions = [f"{dated_by(stream)} >= {literal(walk.window_to)}"]
        if "LastModifiedById" in stream.bookkeeping and (ours := self._user()):
            conditions.append(f"LastModifiedById != '{ours}'")
        return self.count(stream, conditions)

    def describe(self, object_name: str) -> set[str]:
        """Names of the object's fields that the integration user may see."""
        return {field["name"] for field in self.told(f"sobjects/{object_name}/describe", object_name)["fields"]}

    def faults(self, stream: Stream) -> list[str]:
        """Mapped fields that the object lacks or the integration user may not see; those for our scores must be editable."""
        fields = self.told(f"sobjects/{stream.object}/describe", stream.object)["fields"]
        known = {name for field in fields for name in (field["name"], field.get("relationshipName")) if name}
        editable, back = (
            {field["name"] for field in fields if field.get("updateable")},
            mapping_of("salesforce").write_back,
        )
        missing = [(name, "read") for name in stream.projection if name.partition(".")[0] not in known]
        if back and stream.object == back.object and self._now.writeback == "salesforce":
            missing += [(target.field, "edit") for target in back.fields.values() if target.field not in editable]
        if not missing:
            self._get("query", {"q": f"{select(stream, [f'{dated_by(stream)} != null'])} LIMIT 1"}, stream.object)
        return [
            f"{stream.object} has no field {name} that landfall may {right}: grant it by a permission set, "
            f"or correct {mapping_path('salesforce')}"
            for name, right in missing
        ]

    def told(self, path: str, what: str, **params: str) -> dict[str, Any]:
        """What the org answers at a path below the version's, numbers as they were sent."""
        return dict(decode_exact(self._get(path, params, what).body))

    def count(self, stream: Stream, conditions: list[str]) -> int:
        """How many records, deleted ones included, pass all conditions."""
        asked = f"SELECT COUNT() FROM {stream.object} WHERE {' AND '.join(conditions)}"  # noqa: S608 - names of the mapping
        return int(self._get("queryAll", {"q": asked}, stream.object).payload["totalSize"])

    def update(self, object_name: str, rows: Sequence[dict[str, Any]]) -> list[Any]:
        """Set the fields of at most 200 records, each row with its `id`; one result a row, in their order. Sent at most once unless
        certainly unseen. Assignment rules stay asleep; triggers and flows cannot be switched off by a request.

        Raises RefusedError, or UnansweredError when the org may or may not have done it.
        """
        body = {"allOrNone": False, "records": [{"attributes": {"type": object_name}, **row} for row in rows]}
        return self._send("PATCH", "composite/sobjects", body, object_name, is_write=True)

    def update_by_job(self, object_name: str, rows: Sequence[dict[str, Any]]) -> dict[str, Outcome]:
        """Set the fields of thousands of records by a job; what became of each id that it tells. Raises as `update`."""
        return BulkUpdate(self.calls, self._path("jobs/ingest")).run(object_name, rows)

    def retrieve(self, object_name: str, record_ids: Sequence[str], fields: Sequence[str]) -> list[Any]:
        """At most 2,000 records in the order of their ids; None for one that is gone."""
        return self._send(
            "POST", f"composite/sobjects/{object_name}", {"ids": list(record_ids), "fields": list(fields)}, object_name
        )

    def _is_for_a_job(self, stream: Stream, walk: Walk) -> bool:
        """Whether so many records are to be read that a job is worth it: only long windows are counted, which costs a request."""
        most, start = self._now.salesforce_bulk_rows, walk.window_from
        is_long = start is None or walk.window_to - start > LONG_WINDOW
        return bool(most) and is_long and self.count(stream, window(stream, walk)) > most

    def _answer(self, endpoint: str, asked: str, what: str) -> Iterator[tuple[list[Any], bool]]:
        """The pages of one query and whether it is done; it ends undone where Salesforce forgot the place. Raises StepError for fewer
        different records than it counts."""
        answer, seen, total = self._get(endpoint, {"q": asked}, what), set[str](), 0
        former = ""
        while True:
            page = decode_exact(answer.body)
            rows, is_done, total = page["records"], page["done"] is True, max(total, page["totalSize"])
            seen.update(str(row.get("Id")) if isinstance(row, dict) else f"#{len(seen)}" for row in rows)
            if is_done and len(seen) < total:
                raise StepError(f"Salesforce counts {total} records of {what} and showed {len(seen)} of them: rerun")
            yield rows, is_done
            if is_done:
                return
            must_move("Salesforce", what, former, page["nextRecordsUrl"])
            former = page["nextRecordsUrl"]
            try:
                answer = self._at(former, what)
            except RefusedError as error:
                if error.code != "INVALID_QUERY_LOCATOR" or not rows:
                    raise
                return

    def _at(self, path: str, what: str) -> Answer:
        return self.calls.ask(lambda token: self._signed("GET", path, token), what)

    def _get(self, path: str, params: dict[str, str], what: str) -> Answer:
        return self.calls.ask(lambda token: self._signed("GET", self._path(path), token, params), what)

    def _send(self, method: Any, path: str, body: dict[str, Any], what: str, *, is_write: bool = False) -> list[Any]:
        sent = orjson.dumps(body)
        payload = self.calls.ask(
            lambda token: self._signed(method, self._path(path), token, body=sent), what, is_write=is_write
        ).payload
        return payload if isinstance(payload, list) else []

    def _path(self, path: str) -> str:
        return f"/services/data/v{self._now.salesforce_api_version}/{path}"

    def _signed(
        self, method: Any, path: str, token: Token, params: dict[str, str] | None = None, body: bytes = b""
    ) -> Request:
        headers = {"authorization": f"Bearer {token.access}", "sforce-auto-assign": "FALSE"}
        return Request(path, params or {}, headers, body, method)

    def _user(self) -> str:
        """The integration user's id, as the sign-in told it."""
        return self.calls.tokens.get().company if self.calls.tokens else ""

    def _fetch_token(self) -> Token:
        found = self.calls.once(sign_in(self._now), "the connected app").payload
        return Token(str(found["access_token"]), str(found.get("id", "")).rpartition("/")[2], SESSION_S)
