"""The managers' page on HTTP: signing in, showing the lines of one's node, taking numbers.

In: requests, and sessions whose own connections show the part of the organisation that each may see. Out: rows of `ops.submissions`.
`submission_server.py` serves it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from secrets import token_urlsafe
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from config.settings import settings
from warehouse.connection import DatabaseUnreachableError, NoConnectionFreeError
from warehouse.submission_form import FormTooLargeError, read
from warehouse.submission_rows import Header, Line, faults, header, keep, lines
from warehouse.submission_sessions import NotAdmittedError, Session, Sessions
from warehouse.submission_view import TEMPLATE, asked_of, view
from warehouse.submission_words import WORDS

SHOWN_DEALS = 15
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
COOKIE = "landfall_session"


@dataclass
class Page:
    """The running page. `day`: the business day that it takes as today; None asks the clock."""

    day: date | None
    sessions: Sessions = field(default_factory=Sessions)

    def moment(self) -> datetime:
        """Now, in the business time zone."""
        now = datetime.now(ZoneInfo(settings().time_zone))
        return now if self.day is None else datetime.combine(self.day, now.timetz())

    def routes(self) -> list[Route]:
        """What the page answers."""
        return [
            Route("/", self._show),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
            Route("/submit", self._submit, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        return await run_in_threadpool(self._with_session, request, self._page)

    async def _sign_in(self, request: Request) -> Response:
        try:
            form = await read(request, 0)
        except FormTooLargeError:
            return await run_in_threadpool(self._refused, "too_large", 413)
        return await run_in_threadpool(self._admit, form.get("login", "").strip(), form.get("password", ""))

    async def _sign_out(self, request: Request) -> Response:
        return await self._with_form(request, self._leave)

    async def _submit(self, request: Request) -> Response:
        return await self._with_form(request, self._take)

    async def _with_form(self, request: Request, act: Callable[[Session, Mapping[str, str]], Response]) -> Response:
        """`act` with a form that came from a signed-in manager's own page; every other form is refused."""
        session = self._session(request)
        try:
            form = await read(request, session.shown) if session else {}
        except FormTooLargeError:
            return await run_in_threadpool(self._with_session, request, self._too_large)
        if session is None or not session.knows(form.get("token", "")):
            return await run_in_threadpool(self._refused, "signed_out", 403)
        return await run_in_threadpool(
            self._with_session, request, lambda held: act(held, form) if held else self._refused("lost", 403)
        )

    def _with_session(self, request: Request, act: Callable[[Session | None], Response]) -> Response:
        """`act` with the session of a request, one request of a session at a time: they share its connection."""
        session = self._session(request)
        with session.lock if session else nullcontext():
            try:
                return act(session)
            except (DatabaseUnreachableError, psycopg.OperationalError):
                if session is None or not session.reader.closed:
                    return self._refused("unreachable", 503)
                self.sessions.end(session.key)
                return self._refused("lost", 403)

    def _session(self, request: Request) -> Session | None:
        return self.sessions.of(request.cookies.get(COOKIE, ""))

    def _admit(self, login: str, password: str) -> Response:
        try:
            key = self.sessions.open(login, password)
        except NotAdmittedError as refused:
            return self._refused(refused.reason, 429 if refused.reason == "locked" else 403)
        except NoConnectionFreeError:
            return self._refused("full", 503)
        except (DatabaseUnreachableError, psycopg.OperationalError):
            return self._refused("unreachable", 503)
        answer = RedirectResponse("./", 303, HEADERS)
        is_secure = settings().public_url.startswith("https")
        answer.set_cookie(COOKIE, key, httponly=True, samesite="strict", secure=is_secure)
        return answer

    def _leave(self, session: Session, _form: Mapping[str, str]) -> Response:
        self.sessions.end(session.key)
        return RedirectResponse("./", 303, HEADERS)

    def _take(self, session: Session, form: Mapping[str, str]) -> Response:
        before = session.kept(form)
        if before is not None:
            return self._page(session, told=self._words["kept"].format(count=before))
        seen, found = _shown(session)
        if seen is None or seen.build_id != form.get("build"):
            return self._page(session, [self._words["moved"]], typed=form, status=409)
        moment = self.moment()
        asked, wrong = asked_of(found, form, self._words)
        wrong += faults(asked, seen, moment.date(), self._words)
        if wrong:
            return self._page(session, wrong, typed=form, status=422)
        kept = keep(asked, seen, moment, session.login, "page")
        session.taken[form.get("form", "")] = (form, kept)
        return self._page(session, told=self._words["kept"].format(count=kept))

    @property
    def _words(self) -> Mapping[str, str]:
        return WORDS[settings().lang]

    def _refused(self, reason: str, status: int) -> Response:
        return self._page(None, [self._words[reason]], status=status)

    def _too_large(self, session: Session | None) -> Response:
        return self._page(session, [self._words["too_large"]], status=413)

    def _page(
        self,
        session: Session | None,
        wrong: Sequence[str] = (),
        told: str = "",
        *,
        typed: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        context: dict[str, Any] = {
            "lang": settings().lang,
            "words": self._words,
            "faults": wrong,
            "told": told,
            "signed_in": session is not None,
        }
        if session:
            seen, found = _shown(session)
            if seen is None:
                context |= {"signed_in": False, "faults": [self._words["no_build"]]}
            else:
                session.shown = max(session.shown, len(found))
                context |= {
                    "token": session.token,
                    "form": token_urlsafe(12),
                    "seen": seen,
                    **view(seen, found, self.moment().date(), typed or {}, self._words),
                }
        return HTMLResponse(TEMPLATE.render(context), status, HEADERS)


def _shown(session: Session) -> tuple[Header | None, list[Line]]:
    """What the session's manager is shown now: the build and its lines."""
    with session.reader.transaction():
        return header(session.reader), lines(session.reader, session.node_id, SHOWN_DEALS)
