"""Salesforce's Bulk API 2.0 the other way: many records updated by a job of the org's own, which tells each row's fate in files afterwards.

In: rows with their ids. Out: the fate of each id that a file names: done, refused with its code, or left unprocessed. The job is deleted
once it was read. Nothing is done to a record before the job is closed; from then on whatever goes wrong leaves the outcome unknown.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from connectors.calls import Calls, RefusedError
from connectors.http import UnansweredError
from connectors.salesforce_jobs import TEXT, Jobs, lines_of
from connectors.sources import must_move
from warehouse.receipts import Outcome
from warehouse.steps import StepError

POLLS = 70  # half an hour, beyond which the job is aborted
NULL = "#N/A"  # clears a field; an empty cell would leave it as it is


class BulkUpdate:
    """Jobs over one org, which serves them at `path`."""

    def __init__(self, calls: Calls, path: str) -> None:
        self._jobs = Jobs(calls, path)

    def run(self, object_name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Outcome]:
        """What became of each id. Raises RefusedError when nothing was done, UnansweredError when any row may have been."""
        what = f"the job for {object_name}"
        asked = {"object": object_name, "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
        job = self._jobs.begin(asked, what)
        try:
            self._jobs.ask("PUT", f"/{job}/batches", what, as_csv(rows), kind=TEXT, is_write=True)
        except (StepError, UnansweredError):
            self._jobs.forget(job, what)
            raise
        try:
            self._close(job, what)
            state = self._ended(job, what)
            fates = self._fates(job, what, state)
        except StepError as error:
            raise UnansweredError(f"Salesforce did not tell what became of its job ({error})", is_sent=True) from None
        self._jobs.forget(job, what)
        return fates

    def _close(self, job: str, what: str) -> None:
        """Let the org begin; a job that has begun already says that it is not in the state for it."""
        try:
            self._set(job, what, "UploadComplete")
        except RefusedError as error:
            if error.code != "INVALIDJOBSTATE":
                raise

    def _ended(self, job: str, what: str) -> str:
        """The state in which the job ended, waited for; it is aborted where that takes too long."""
        told = self._jobs.ended(job, what, POLLS)
        if told is not None:
            return str(told["state"])
        self._set(job, what, "Aborted")
        return "Aborted"

    def _fates(self, job: str, what: str, state: str) -> dict[str, Outcome]:
        fates = {row["sf__Id"]: Outcome("acked", "0") for row in self._rows(job, "successfulResults", what)}
        for row in self._rows(job, "failedResults", what):
            fates[row.get("Id") or row["sf__Id"]] = Outcome("rejected", row["sf__Error"].partition(":")[0])
        for row in self._rows(job, "unprocessedrecords", what):
            fates[row["Id"]] = Outcome("unprocessed", f"JOB_{state.upper()}")
        return fates

    def _rows(self, job: str, name: str, what: str) -> Iterator[dict[str, str]]:
        place = ""
        while True:
            answer = self._jobs.ask(
                "GET", f"/{job}/{name}", what, kind=TEXT, params={"locator": place} if place else {}
            )
            lines = lines_of(answer)
            if "Id" not in (lines.fieldnames or ()):
                raise StepError(f"Salesforce sends no file of {name}: look at the job in its setup")
            yield from (row for row in lines if None not in row.values())  # a line that broke off tells nothing
            former, place = place, answer.headers.get("sforce-locator", "null")
            if place in ("", "null"):
                return
            must_move("Salesforce", what, former, place)

    def _set(self, job: str, what: str, state: str) -> None:
        self._jobs.ask("PATCH", f"/{job}", what, orjson.dumps({"state": state}))


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as a job takes them; the first names the columns, and its id is `Id`."""
    file = io.StringIO(newline="")
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(["Id", *(name for name in rows[0] if name != "id")])
    lines.writerows([NULL if value in (None, "") else value for value in row.values()] for row in rows)
    return file.getvalue().encode()
