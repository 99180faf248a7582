"""Salesforce's face of the same company: sign-in, queries, updates of collections. Bulk jobs are in `salesforce_bulk`.

Refusals are a list of {message, errorCode} with an HTTP status; rows of a collection that fail are told inside HTTP 200, in request order.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.endpoints import Answered, Api, Asked, World
from sandbox.errors import CrmError
from sandbox.quota import Quota
from sandbox.salesforce_bulk import Jobs
from sandbox.salesforce_ingest import Ingest
from sandbox.salesforce_objects import Org
from sandbox.salesforce_org import OrgWords
from sandbox.salesforce_schema import FIELDS, wire
from sandbox.salesforce_sign_in import SignIn
from sandbox.salesforce_writes import Writes
from sandbox.soql import parse
from sandbox.soql_query import Query, SoqlError

VERSION = "/services/data/v60.0"
STATUSES = {
    "INVALID_SESSION_ID": 401,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "API_DISABLED_FOR_ORG": 403,
    "NOT_FOUND": 404,
    "SERVER_UNAVAILABLE": 503,
}


class Salesforce(Api):
    """One org of the company."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.org, self.quota = Org(world.store), Quota(world.rules)
        self.sign_in = SignIn(world)
        self.words = OrgWords(world.store)
        self.writes, self.jobs = Writes(self.org, world), Jobs(world, self.parsed, self.found, self.words.kinds)
        self.ingest = Ingest(world, self.writes.updated)
        self._pages: dict[str, list[dict[str, Any]]] = {}

    def routes(self) -> list[Route]:
        """The org's endpoints."""
        described, collections = f"{VERSION}/sobjects/{{object}}/describe", f"{VERSION}/composite/sobjects"
        jobs, job = f"{VERSION}/jobs/query", f"{VERSION}/jobs/query/{{job}}"
        return [
            self.route("/services/oauth2/token", "salesforce_token", self.sign_in.token),
            self.route(f"{VERSION}/query", "salesforce_query", self._signed(self._query), ("GET",)),
            self.route(f"{VERSION}/queryAll", "salesforce_query", self._signed(self._query), ("GET",)),
            self.route(f"{VERSION}/query/{{locator}}", "salesforce_more", self._signed(self._more), ("GET",)),
            self.route(f"{VERSION}/sobjects", "salesforce_objects", self._signed(self._objects), ("GET",)),
            self.route(described, "salesforce_describe", self._signed(self._describe), ("GET",)),
            self.route(jobs, "salesforce_job", self._signed(self.jobs.begin)),
            self.route(job, "salesforce_poll", self._signed(self.jobs.state), ("GET",)),
            self.route(job, "salesforce_end", self._signed(self.jobs.end), ("DELETE",)),
            self.route(f"{job}/results", "salesforce_file", self._signed(self.jobs.results), ("GET",)),
            *self._ingest_routes(f"{VERSION}/jobs/ingest"),
            self.route(collections, "salesforce_update", self._signed(self.writes.update), ("PATCH",)),
            self.route(
                f"{collections}/{{object}}", "salesforce_retrieve", self._signed(self.writes.retrieve), ("POST",)
            ),
        ]

    def _ingest_routes(self, jobs: str) -> list[Route]:
        job, kinds = f"{jobs}/{{job}}", ("successfulResults", "failedResults", "unprocessedrecords")
        return [
            self.route(jobs, "salesforce_ingest", self._signed(self.ingest.begin)),
            self.route(f"{job}/batches", "salesforce_upload", self._signed(self.ingest.upload), ("PUT",)),
            self.route(job, "salesforce_close", self._signed(self.ingest.close), ("PATCH",)),
            self.route(job, "salesforce_ingest_poll", self._signed(self.ingest.state), ("GET",)),
            self.route(job, "salesforce_ingest_end", self._signed(self.ingest.end), ("DELETE",)),
            *(
                self.route(f"{job}/{kind}", "salesforce_fates", self._signed(self.ingest.results), ("GET",))
                for kind in kinds
            ),
        ]

    def object_of(self, request: Request, body: Mapping[str, Any]) -> str:
        """The object that a query, a path or a collection's first record names."""
        words = request.query_params.get("q", "").split()
        if "FROM" in words[:-1]:
            return words[words.index("FROM") + 1]
        records = body.get("records")
        first = records[0] if isinstance(records, list) and records and isinstance(records[0], dict) else {}
        return str(request.path_params.get("object") or (first.get("attributes") or {}).get("type", ""))

    def expire(self) -> Answered:
        """Every session ends; the answer that says so."""
        self.sign_in.bearer.forget()
        return refusal("INVALID_SESSION_ID", "Session expired or invalid")

    def refused(self, code: str) -> Answered:
        """A planted error."""
        return refusal(code, "planted by a test")

    def emptied(self, answered: Answered) -> Answered:
        """A query without records."""
        return replace(answered, payload={"totalSize": 0, "done": True, "records": []})

    def _signed(self, handler: Callable[[Asked], Answered]) -> Callable[[Asked], Answered]:
        def judged(asked: Asked) -> Answered:
            if not self.sign_in.bearer.holds(asked.request.headers.get("authorization", "").removeprefix("Bearer ")):
                return refusal("INVALID_SESSION_ID", "Session expired or invalid")
            try:
                self.quota.spend_of_day(self.world.store.day())
                return handler(asked)
            except CrmError:
                return refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            except SoqlError as error:
                return refusal(error.code, error.message)

        return judged

    def parsed(self, text: str) -> Query:
        """A query over what the integration's user may see. Raises SoqlError."""
        return parse(text, self._visible())

    def _visible(self) -> dict[str, dict[str, str]]:
        """The objects and fields that the integration's user may see."""
        rules = self.world.rules
        return {
            name: self.words.visible(name, is_multi_currency=rules.salesforce_is_multi_currency)
            for name in FIELDS
            if name not in rules.denied_objects
        }

    def found(self, query: Query, *, is_all: bool) -> list[dict[str, Any]]:
        """The rows of a query; those of the recycle bin only where asked for."""
        rows = [self.words.row(query.object, row) for row in self.org.rows(query.object)]
        return query.answer(rows if is_all else [row for row in rows if not row["IsDeleted"]])

    def _query(self, asked: Asked) -> Answered:
        query = self.parsed(asked.request.query_params.get("q", ""))
        rows = self.found(query, is_all=asked.request.url.path.endswith("queryAll"))
        if query.fields is None:
            return Answered({"totalSize": len(rows), "done": True, "records": []}, code=200)
        locator = f"01g{len(self._pages) + 1:012d}AAA"
        self._pages[locator] = [shown(row, query, self.words.kinds(query.object)) for row in rows]
        return self._page(locator, 0)

    def _more(self, asked: Asked) -> Answered:
        locator, _, number = asked.request.path_params["locator"].partition("-")
        if locator not in self._pages or not number.isdigit():
            raise SoqlError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(locator, int(number))

    def _page(self, locator: str, start: int) -> Answered:
        rows, end = self._pages[locator], start + self.world.rules.salesforce_page_rows
        page: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows)}
        if not page["done"]:
            page["nextRecordsUrl"] = f"{VERSION}/query/{locator}-{end}"
        return Answered(page | {"records": rows[start:end]}, code=200, rows=len(rows[start:end]))

    def _objects(self, _asked: Asked) -> Answered:
        return Answered(self.words.listed(list(self._visible())), code=200)

    def _describe(self, asked: Asked) -> Answered:
        visible = self._visible().get(asked.object)
        if visible is None:
            return refusal("NOT_FOUND", "The requested resource does not exist")
        return Answered(self.words.described(asked.object, visible), code=200)


def refusal(code: str, message: str) -> Answered:
    """An error as Salesforce sends it."""
    return Answered([{"message": message, "errorCode": code}], STATUSES.get(code, 400), code)


def shown(row: Mapping[str, Any], query: Query, kinds: Mapping[str, str]) -> dict[str, Any]:
    """A row as a query shows it: the asked fields, fields of a linked record inside that record."""
    out: dict[str, Any] = {
        "attributes": {"type": query.object, "url": f"{VERSION}/sobjects/{query.object}/{row['Id']}"}
    }
    for field in query.fields or ():
        link, _, name = field.partition(".")
        value = wire(kinds[field], row[field])
        out[link] = ({"attributes": {"type": link}, name: value} if value is not None else None) if name else value
    return out
