"""What the two directions of Salesforce's Bulk API 2.0 have in common: a job of the org's own is begun, waited for, read and forgotten.

In: the calls of one org and the path under which it serves such jobs. Out: answers. `what` names the job in what people read.
"""

import csv
import io
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson

from connectors.calls import Answer, Calls
from connectors.http import Request, UnansweredError
from connectors.tokens import Token
from warehouse.steps import StepError

LONGEST_POLL_S = 30.0
ENDED = ("JobComplete", "Failed", "Aborted")
TEXT, JSON = "text/csv", "application/json"


class Jobs:
    """Jobs of one direction over one org."""

    def __init__(self, calls: Calls, path: str) -> None:
        self._calls, self._path = calls, path

    def begin(self, asked: Mapping[str, str], what: str) -> str:
        """A new job's id."""
        return str(self.ask("POST", "", what, orjson.dumps(asked)).payload["id"])

    def ended(self, job: str, what: str, polls: int) -> dict[str, Any] | None:
        """What the org tells of a job that ended, waited for with growing pauses; None after so many looks."""
        for number in range(polls):
            told = self.ask("GET", f"/{job}", what).payload
            if told["state"] in ENDED:
                return dict(told)
            self._calls.patience.wait(number, min(2.0 ** min(number, 5), LONGEST_POLL_S))
        return None

    def forget(self, job: str, what: str) -> None:
        """Let the org forget the job; where it does not, it does so by itself after a week."""
        with suppress(StepError, UnansweredError):
            self.ask("DELETE", f"/{job}", what, kind=TEXT)

    def ask(
        self, method: Any, path: str, what: str, body: bytes = b"", *, kind: str = JSON, params: Mapping[str, str] | None = None,
        is_write: bool = False,
    ) -> Answer:  # fmt: skip
        """The answer of a path below the jobs'; `kind` is what is sent and expected."""

        def build(token: Token) -> Request:
            headers = {"authorization": f"Bearer {token.access}", "content-type": kind, "accept": kind}
            return Request(self._path + path, params or {}, headers, body, method)

        return self._calls.ask(build, what, is_write=is_write, is_json=kind == JSON)


def lines_of(answer: Answer) -> "csv.DictReader[str]":
    """The rows of a file that a job sent; what is no UTF-8 stays visible as half characters, which no reader takes for text."""
    return csv.DictReader(io.StringIO(answer.body.decode("utf-8", "surrogateescape"), newline=""))
