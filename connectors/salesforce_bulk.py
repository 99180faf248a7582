"""Salesforce's Bulk API 2.0: a query as a job of the org's own, its answer read in files of many records.

In: a query, and where a killed walk was. Out: rows of text in no order, and a cursor that names job and place, so that a resumed walk reads
on in the same job. A job that was read, or that the org gave up, is deleted; one that it gave up or forgot is begun anew.
"""

from collections.abc import Iterator
from typing import Any

from connectors.calls import Calls, RefusedError
from connectors.salesforce_jobs import TEXT, Jobs, lines_of
from connectors.sources import must_move
from warehouse.steps import StepError

MOST_ROWS = 10_000  # of one file: a few megabytes
POLLS = 400  # more than three hours, beyond which the night has no use for the answer
MARK, WHOLE = "bulk", "whole"


def is_of_job(cursor: str | None) -> bool:
    """Whether a walk was reading a job."""
    return (cursor or "").startswith(f"{MARK}|")


class BulkQuery:
    """Jobs over one org, which serves them at `path`."""

    def __init__(self, calls: Calls, path: str) -> None:
        self._jobs, self._patience = Jobs(calls, path), calls.patience

    def read(self, query: str, what: str, cursor: str | None) -> Iterator[tuple[list[Any], str, bool]]:
        """Rows, cursor and whether the answer is done. The first place is told before the job has an answer, so that it is kept."""
        _, job, place = (cursor or f"{MARK}||").split("|")
        if place == WHOLE:
            yield [], f"{MARK}|{job}|{WHOLE}", True
            return
        total = self._total(job, what) if job else None
        if total is None:
            job, place = self._jobs.begin({"operation": "queryAll", "query": query}, _named(what)), ""
            yield [], f"{MARK}|{job}|", False
            total = self._total(job, what)
            if total is None:
                raise StepError(
                    f"Salesforce gave up its job for {what}: rerun, or set LANDFALL_SALESFORCE_BULK_ROWS to 0"
                )
        received = 0 if not place else None  # a walk that goes on cannot tell how many came before
        while place != WHOLE:
            former = place
            rows, place = self._file(job, place, what)
            must_move("Salesforce", what, former, place)
            received = None if received is None else received + len(rows)
            if place == WHOLE and received is not None and received < total:
                raise StepError(f"Salesforce counts {total} records of {what} and showed {received} of them: rerun")
            try:
                yield rows, f"{MARK}|{job}|{place}", place == WHOLE
            finally:
                if place == WHOLE:
                    self._jobs.forget(job, _named(what))

    def _total(self, job: str, what: str) -> int | None:
        """How many rows the finished job has, waited for; None where it failed or is forgotten."""
        try:
            told = self._jobs.ended(job, _named(what), POLLS)
        except RefusedError as error:
            if error.code != "NOT_FOUND":
                raise
            return None
        if told is None:
            raise StepError(f"Salesforce is still at its job for {what}: rerun later, which reads on in the same job")
        if told["state"] != "JobComplete":
            self._jobs.forget(job, _named(what))
            return None
        return int(told.get("numberRecordsProcessed", 0))

    def _file(self, job: str, place: str, what: str) -> tuple[list[Any], str]:
        """The rows of one file and where the next one is. A file that is not whole is asked for again."""
        params = {"maxRecords": str(MOST_ROWS)} | ({"locator": place} if place else {})
        for number in range(self._patience.attempts):
            answer = self._jobs.ask("GET", f"/{job}/results", _named(what), kind=TEXT, params=params)
            rows: list[Any] = list(lines_of(answer))
            following = answer.headers.get("sforce-locator", "")
            if following and answer.headers.get("sforce-numberofrecords") == str(len(rows)):
                return rows, WHOLE if following == "null" else following
            self._patience.wait(number)
        raise StepError(
            f"Salesforce sends no whole file of its job for {what}: rerun; the walk goes on at its last file"
        )


def _named(what: str) -> str:
    return f"the job for {what}"
