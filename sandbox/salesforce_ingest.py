"""Salesforce's Bulk API 2.0 in the sandbox: jobs that update records. Jobs are forgotten at a restart.

The rows are written when the job is closed; it is at work for `salesforce_bulk_polls` looks at it. With `salesforce_ingest_fails_at` the
job gives up after so many rows and leaves the others unprocessed.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.endpoints import Answered, Asked, World
from sandbox.salesforce_schema import NUMBER, WRITABLE
from sandbox.soql_query import SoqlError

NULL = "#N/A"


@dataclass(slots=True)
class Job:
    """One job: what it was given, and what became of each row."""

    object: str
    polls_left: int
    state: str = "Open"
    rows: list[dict[str, str]] = field(default_factory=list)
    done: list[dict[str, str]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    left: list[dict[str, str]] = field(default_factory=list)


class Ingest:
    """The jobs of one org. `updated` writes a record and tells the result, as in a collection."""

    def __init__(self, world: World, updated: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._world, self._updated = world, updated
        self._jobs: dict[str, Job] = {}
        self._begun = 0

    def begin(self, asked: Asked) -> Answered:
        """{"object", "operation": "update", "contentType": "CSV", "lineEnding"} → an open job and where its file goes."""
        body = asked.json or {}
        if (body.get("operation"), body.get("contentType"), body.get("lineEnding")) != ("update", "CSV", "LF"):
            raise SoqlError("INVALIDJOB", "the sandbox knows update of CSV with LF alone")
        if body.get("object") not in WRITABLE:
            raise SoqlError("INVALIDENTITY", "the object cannot be updated")
        self._begun += 1
        number = f"750{self._begun:012d}IAQ"
        self._jobs[number] = Job(body["object"], self._world.rules.salesforce_bulk_polls)
        place = asked.request.url.path.removeprefix("/")
        told = {"id": number, "object": body["object"], "operation": "update", "state": "Open", "contentType": "CSV"}
        return Answered(told | {"contentUrl": f"{place}/{number}/batches"}, code=200)

    def upload(self, asked: Asked) -> Answered:
        """The one file of an open job."""
        job = self._job(asked)
        if job.state != "Open" or job.rows:
            raise SoqlError("INVALIDJOBSTATE", "a file was uploaded, or the job is closed")
        job.rows = list(csv.DictReader(io.StringIO(asked.raw.decode(), newline="")))
        return Answered(b"", 201, code=201, rows=len(job.rows))

    def close(self, asked: Asked) -> Answered:
        """{"state": "UploadComplete"} begins the job, {"state": "Aborted"} ends it."""
        job, state = self._job(asked), (asked.json or {}).get("state")
        if state == "UploadComplete" and job.state == "Open":
            self._work(job)
            job.state = "InProgress"
        elif state == "Aborted" and job.state in ("Open", "InProgress"):
            job.state = "Aborted"
        else:
            raise SoqlError("INVALIDJOBSTATE", f"the job is {job.state}")
        return Answered(self._told(asked, job), code=200, rows=len(job.done))

    def state(self, asked: Asked) -> Answered:
        """How far a job is."""
        job = self._job(asked)
        if job.state == "InProgress":
            job.polls_left -= 1
            job.state = "InProgress" if job.polls_left >= 0 else "Failed" if job.left else "JobComplete"
        return Answered(self._told(asked, job), code=200)

    def results(self, asked: Asked) -> Answered:
        """The rows that were done, that were refused, or that were never looked at."""
        job, name = self._job(asked), asked.request.url.path.rpartition("/")[2]
        rows = {"successfulResults": job.done, "failedResults": job.failed, "unprocessedrecords": job.left}[name]
        first = {"successfulResults": ["sf__Id", "sf__Created"], "failedResults": ["sf__Id", "sf__Error"]}.get(name, [])
        file = io.StringIO(newline="")
        lines = csv.DictWriter(
            file, [*first, *(job.rows[0] if job.rows else ["Id"])], quoting=csv.QUOTE_ALL, lineterminator="\n"
        )
        lines.writeheader()
        lines.writerows(rows)
        return Answered(file.getvalue().encode(), code=200, rows=len(rows), media_type="text/csv")

    def end(self, asked: Asked) -> Answered:
        """A job that is not at work is forgotten."""
        if self._job(asked).state == "InProgress":
            raise SoqlError("INVALIDJOBSTATE", "the job is at work: abort it first")
        del self._jobs[asked.request.path_params["job"]]
        return Answered(b"", 204, code=204)

    def _work(self, job: Job) -> None:
        most = self._world.rules.salesforce_ingest_fails_at or len(job.rows)
        job.left = job.rows[most:]
        for row in job.rows[:most]:
            result = self._updated({"attributes": {"type": job.object}, "id": row["Id"], **_fields(job.object, row)})
            if result["success"]:
                job.done.append({"sf__Id": row["Id"], "sf__Created": "false", **row})
            else:
                said = result["errors"][0]
                told = f"{said['statusCode']}:{said['message']}:{','.join(said['fields'])} --"
                job.failed.append({"sf__Id": row["Id"], "sf__Error": told, **row})

    def _told(self, asked: Asked, job: Job) -> dict[str, Any]:
        counts = {"numberRecordsProcessed": len(job.done) + len(job.failed), "numberRecordsFailed": len(job.failed)}
        return {"id": asked.request.path_params["job"], "object": job.object, "state": job.state} | counts

    def _job(self, asked: Asked) -> Job:
        job = self._jobs.get(asked.request.path_params["job"])
        if job is None:
            raise SoqlError("NOT_FOUND", "The requested resource does not exist")
        return job


def _fields(name: str, row: dict[str, str]) -> dict[str, Any]:
    """The values of a row; an empty cell leaves its field as it is."""
    kinds = WRITABLE[name]
    return {field: _value(kinds.get(field, ""), text) for field, text in row.items() if field != "Id" and text}


def _value(kind: str, text: str) -> Any:
    if text == NULL:
        return None
    try:
        return float(text) if kind == NUMBER else text
    except ValueError:
        return text
