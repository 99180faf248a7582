"""Who is signed in to the managers' page: sessions in memory, each with the manager's own connection.

In: a reader's login and password, which PostgreSQL checks and nobody keeps. Out: a key for the cookie, and the session behind it until it
was idle for half an hour. Only a login of a person that has a node is tried with a password; five wrong ones make it wait a minute.
"""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import psycopg

from warehouse.connection import DatabaseUnreachableError, as_reader, connect

IDLE_S = 1800.0
MOST_FAILURES, LOCKED_S = 5, 60.0  # wrong passwords of one login, and for how long it then has to wait
# The nodes of a person's login. Superusers and the pipeline's own logins are members of everything, so they are nobody's.
_NODES = """
    select a.node_id from ops.org_access as a join pg_roles as r on r.rolname = a.account
    where a.account = %s and r.rolcanlogin and not r.rolsuper
        and pg_has_role(r.oid, 'bi_reader', 'member') and not pg_has_role(r.oid, 'transformer', 'member')
"""
_TOPMOST = (
    "select node_id from published.mart_period_forecast where node_id = any(%s) or (%s and parent_node_id is null)"
    " order by mean desc limit 1"
)


class NotAdmittedError(Exception):
    """A sign-in that is refused; `reason` is a key of the page's words."""

    def __init__(self, reason: Literal["locked", "wrong", "no_node"]) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class Session:
    """One signed-in manager: the own connection, the node, and the token that every form must bring back.

    `lock`: held by the one request that uses the session. `shown`: the most lines that its page showed. `taken`: forms that were kept, by
    the name that each rendering of the page gives its form, with how many numbers were kept.
    """

    key: str
    login: str
    reader: psycopg.Connection
    node_id: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    used: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)
    shown: int = 0
    taken: dict[str, tuple[Mapping[str, str], int]] = field(default_factory=dict)

    def knows(self, token: str) -> bool:
        """Whether a form came from this session's own page."""
        return secrets.compare_digest(token.encode(), self.token.encode())

    def kept(self, form: Mapping[str, str]) -> int | None:
        """How many numbers this very form brought when it came before; None for one that is new, or was changed since."""
        before = self.taken.get(form.get("form", ""))
        return before[1] if before and before[0] == form else None


@dataclass
class Sessions:
    """All sessions by their key, and the newest wrong passwords by login. Several threads ask at once."""

    held: dict[str, Session] = field(default_factory=dict)
    failures: dict[str, list[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, login: str, password: str) -> str:
        """Sign in; returns the new session's key. Raises NotAdmittedError, and DatabaseUnreachableError where nobody could be asked."""
        now = self._count(login)
        try:
            nodes = _nodes(login)
            reader = as_reader(login, password) if nodes and password else None
        except DatabaseUnreachableError:
            self._excuse(login, now)
            raise
        if reader is None:
            raise NotAdmittedError("wrong")
        found = reader.execute(_TOPMOST, (nodes, "*" in nodes)).fetchone()
        if found is None:
            reader.close()
            raise NotAdmittedError("no_node")
        key = secrets.token_urlsafe(32)
        with self.lock:
            self.failures.pop(login, None)
            self.held[key] = Session(key, login, reader, found[0])
        return key

    def of(self, key: str) -> Session | None:
        """The session of a key, None when there is none, it was idle too long or its connection is gone."""
        now = time.monotonic()
        with self.lock:
            ended = [old for old, each in self.held.items() if now - each.used > IDLE_S or each.reader.closed]
        for old in ended:
            self.end(old)
        with self.lock:
            found = self.held.get(key)
            if found:
                found.used = now
        return found

    def end(self, key: str) -> None:
        """Sign out."""
        with self.lock:
            ended = self.held.pop(key, None)
        if ended:
            ended.reader.close()

    def _count(self, login: str) -> float:
        """Count a try as failed until it is known better, so that tries at the same time are all counted."""
        now = time.monotonic()
        with self.lock:
            recent = {
                name: kept
                for name, times in self.failures.items()
                if (kept := [at for at in times if now - at < LOCKED_S])
            }
            self.failures = recent
            if len(recent.get(login, [])) >= MOST_FAILURES:
                raise NotAdmittedError("locked")
            recent.setdefault(login, []).append(now)
        return now

    def _excuse(self, login: str, tried: float) -> None:
        with self.lock:
            if tried in self.failures.get(login, []):
                self.failures[login].remove(tried)


def _nodes(login: str) -> list[str]:
    """The nodes that a person's login was given, `*` being the root; none for every other login."""
    with connect("submitter") as connection:
        return [node for (node,) in connection.execute(_NODES, (login,))]
