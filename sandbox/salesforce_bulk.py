"""Salesforce's Bulk API 2.0 in the sandbox: query jobs, whose answers are files of text. Jobs are forgotten at a restart.

A job is at work for `salesforce_bulk_polls` looks at it, then its rows are those that the query found when the job was made.
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.endpoints import Answered, Asked, World
from sandbox.salesforce_schema import DATE, FLAG, INSTANT, wire
from sandbox.soql_query import Query, SoqlError


@dataclass(slots=True)
class Job:
    """One query job."""

    query: Query
    rows: list[dict[str, Any]]
    polls_left: int
    is_failed: bool = False


class Jobs:
    """The query jobs of one org. `parsed` checks a query, `found` gives its rows, `kinds` an object's fields."""

    def __init__(
        self, world: World, parsed: Callable[[str], Query], found: Callable[..., list[dict[str, Any]]],
        kinds: Callable[[str], Mapping[str, str]],
    ) -> None:  # fmt: skip
        self._world, self._parsed, self._found, self._kinds = world, parsed, found, kinds
        self._jobs: dict[str, Job] = {}
        self._begun = 0

    def begin(self, asked: Asked) -> Answered:
        """{"operation": query or queryAll, "query"} → the job."""
        body = asked.json or {}
        if body.get("operation") not in ("query", "queryAll"):
            raise SoqlError("INVALIDJOB", "operation is query or queryAll")
        query = self._parsed(str(body.get("query", "")))
        if query.fields is None:
            raise SoqlError("API_ERROR", "Bulk API 2.0 does not know COUNT()")
        self._begun += 1
        number = f"750{self._begun:012d}AAA"
        rows = self._found(query, is_all=body["operation"] == "queryAll")
        self._jobs[number] = Job(query, rows, self._world.rules.salesforce_bulk_polls)
        return Answered({"id": number, "object": query.object, "state": "UploadComplete"}, code=200)

    def state(self, asked: Asked) -> Answered:
        """How far a job is."""
        job = self._job(asked)
        job.polls_left -= 1
        job.is_failed = job.is_failed or self._world.rules.salesforce_bulk_fails
        state = "Failed" if job.is_failed else "JobComplete" if job.polls_left < 0 else "InProgress"
        told = {"id": asked.request.path_params["job"], "object": job.query.object, "state": state}
        return Answered(told | {"numberRecordsProcessed": len(job.rows) if state == "JobComplete" else 0}, code=200)

    def results(self, asked: Asked) -> Answered:
        """A file of rows from `locator` on, at most `maxRecords`."""
        job, query = self._job(asked), asked.request.query_params
        start, most = (
            int(query.get("locator", 0)),
            min(int(query.get("maxRecords", 100_000)), self._world.rules.salesforce_bulk_rows),
        )
        if job.polls_left >= 0 or job.is_failed:
            raise SoqlError("INVALIDJOBSTATE", "the job is not complete")
        rows, end = job.rows[start : start + most], start + most
        kinds, fields, file = self._kinds(job.query.object), job.query.fields or [], io.StringIO(newline="")
        lines = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        lines.writerow(fields)
        lines.writerows([_text(kinds[field], row[field]) for field in fields] for row in rows)
        headers = {
            "sforce-locator": str(end) if end < len(job.rows) else "null",
            "sforce-numberofrecords": str(len(rows)),
        }
        return Answered(file.getvalue().encode(), code=200, rows=len(rows), headers=headers, media_type="text/csv")

    def end(self, asked: Asked) -> Answered:
        """A job that is done is forgotten."""
        job = self._job(asked)
        if job.polls_left >= 0 and not job.is_failed:
            raise SoqlError("INVALIDJOBSTATE", "the job is at work: abort it first")
        del self._jobs[asked.request.path_params["job"]]
        return Answered(b"", 204, code=204)

    def _job(self, asked: Asked) -> Job:
        job = self._jobs.get(asked.request.path_params["job"])
        if job is None:
            raise SoqlError("NOT_FOUND", "The requested resource does not exist")
        return job


def _text(kind: str, value: Any) -> str:
    """A value as files carry it; instants end with Z there."""
    if value is None:
        return ""
    if kind == FLAG:
        return "true" if value else "false"
    if kind == INSTANT:
        return str(wire(kind, value)).replace("+0000", "Z")
    return str(value) if kind == DATE else str(wire(kind, value))
