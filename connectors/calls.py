"""One system asked until it answers, refuses, or patience ends; the request is built anew for each attempt.

In: how to build the request from the token that holds now (signatures and nonces change with each attempt), and the vendor's judge: a
table that says what an answer's body asks of us, since most of these systems answer HTTP 200 on failure. Out: the decoded body of a good
answer. A write whose outcome is unknown is never repeated here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal, TypeVar

from connectors.decoding import UndecodableError, decode
from connectors.http import Reply, Request, Transport, UnansweredError
from connectors.pacing import Pace, Patience
from connectors.tokens import Token, TokenStore
from warehouse.steps import StepError

Result = TypeVar("Result")
Decoded = Callable[[bytes], Any]  # raises UndecodableError
Reaction = Literal["ok", "refresh", "back_off", "stop", "skip", "unknown"]
RETRIED = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer asks of us. ok · refresh the token once · back_off and ask again · stop: nothing else will work either · skip: only
    this object or record · unknown: the system may or may not have acted. `advice` is what a person does, `wait_s` what the vendor asks."""

    reaction: Reaction
    code: str = ""
    advice: str = ""
    trace_id: str = ""
    wait_s: float | None = None


Judge = Callable[
    [Reply, Any], Verdict | None
]  # None: the body is none of the vendor's envelopes; it gets None for what is no JSON


class RefusedError(StepError):
    """A system answered with an error of its own."""

    def __init__(self, title: str, what: str, verdict: Verdict) -> None:
        shown = (
            f"{verdict.code}, trace {verdict.trace_id}"
            if verdict.trace_id and verdict.reaction != "stop"
            else verdict.code
        )
        advice = verdict.advice or "look the code up in its documentation"
        super().__init__(f"{title} refused {what} ({shown}): {advice}, then rerun")
        self.code, self.reaction, self.trace_id, self.wait_s = (
            verdict.code, verdict.reaction, verdict.trace_id, verdict.wait_s
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: decoded body (None where no JSON was expected), headers, the raw body, and what the judge read from it."""

    payload: Any
    headers: Mapping[str, str]
    body: bytes
    verdict: Verdict


class Calls:
    """All calls to one system, from any thread. `requests` counts what was sent, sign-ins aside."""

    def __init__(
        self, title: str, transport: Transport, judge: Judge, *, tokens: TokenStore | None = None,
        patience: Patience | None = None, pace: Pace | None = None, unreadable_wait_s: float | None = None,
    ) -> None:  # fmt: skip
        self.title, self._transport, self._judge, self.tokens = title, transport, judge, tokens
        self.patience, self._pace, self._unreadable_wait_s = patience or Patience(), pace or Pace(0), unreadable_wait_s
        self.requests, self._lock = 0, Lock()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def sign_in(self) -> None:
        """Make sure that there is a token. Raises RefusedError when the credentials are wrong."""
        if self.tokens:
            self._retrying(self.tokens.get, "the sign-in", is_write=False)

    def ask(
        self, build: Callable[[Token], Request], what: str, *, is_write: bool = False, is_json: bool = True, decoded: Decoded = decode
    ) -> Answer:  # fmt: skip
        """The answer to `build(token)` about `what`, its body as `decoded` reads it. The token is refreshed once when it is refused.

        Raises RefusedError for the vendor's refusals, StepError when patience ends, UnansweredError for a write that may have been done.
        """
        refused: Token | None = None

        def attempt() -> Answer:
            nonlocal refused
            token = self.tokens.get(instead_of=refused) if self.tokens else Token("", "", 0.0)
            request = build(token)
            self._pace.take(request.path)
            with self._lock:
                self.requests += 1
            try:
                return self.once(request, what, is_json=is_json, decoded=decoded)
            except RefusedError as error:
                if error.reaction != "refresh" or refused is not None or self.tokens is None:
                    raise
                refused = token
            return attempt()

        return self._retrying(attempt, what, is_write=is_write)

    def once(self, request: Request, what: str, *, is_json: bool = True, decoded: Decoded = decode) -> Answer:
        """One attempt, as sign-ins are made. Raises RefusedError, UnansweredError or StepError."""
        reply = self._transport.send(request)
        if not is_json and reply.status == 200:
            return Answer(None, reply.headers, reply.body, Verdict("ok"))
        try:
            payload = decoded(reply.body)
        except UndecodableError:
            verdict = self._judge(reply, None)  # some refuse by status alone, with an empty body or a web page
            if verdict is not None and verdict.reaction != "ok":
                raise RefusedError(self.title, what, verdict) from None
            if verdict is not None and not is_json:
                return Answer(None, reply.headers, reply.body, verdict)
            if verdict is None:
                self._judge_status(reply)
            raise UnansweredError(
                f"{self._transport.system} sent no complete JSON", is_sent=True, retry_after_s=self._unreadable_wait_s
            ) from None
        verdict = self._judge(reply, payload)
        if verdict is None:
            self._judge_status(reply)
            raise UnansweredError(f"{self._transport.system} sent JSON without its usual envelope", is_sent=True)
        if verdict.reaction != "ok":
            raise RefusedError(self.title, what, verdict)
        return Answer(payload, reply.headers, reply.body, verdict)

    def _judge_status(self, reply: Reply) -> None:
        """Raise for an answer that no table of the vendor knows and whose status is not 200."""
        told = f"{self._transport.system} answers HTTP {reply.status}"
        if reply.status in RETRIED:
            raise UnansweredError(told, is_sent=reply.status != 429, retry_after_s=reply.retry_after_s)
        if reply.status != 200:
            raise StepError(
                f"{told} at {self._transport.where}: check {self._transport.setting} and the network between, then rerun"
            )

    def _retrying(self, attempt: Callable[[], Result], what: str, *, is_write: bool) -> Result:
        for number in range(self.patience.attempts):
            is_last = number + 1 == self.patience.attempts
            try:
                return attempt()
            except RefusedError as error:
                retried = error.reaction == "back_off" or (error.reaction == "unknown" and not is_write)
                if is_last or not retried:
                    raise
                self.patience.wait(number, error.wait_s)
            except UnansweredError as error:
                if error.is_sent and is_write:
                    raise
                if is_last:
                    raise StepError(
                        f"{error} after {number + 1} attempts for {what}: check that {self.title} is up and "
                        f"{self._transport.setting} is right, then rerun; the walk goes on at its last page"
                    ) from None
                self.patience.wait(number, error.retry_after_s)
        raise AssertionError("unreachable")
