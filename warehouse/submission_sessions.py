"""Who is signed in to the managers' page: sessions in memory, each with the manager's own connection.

In: a reader's login and password, which PostgreSQL checks and nobody keeps. Out: a key for the cookie, and the session behind it until it
was idle for half an hour. Five wrong passwords make a login wait a minute.
"""

import secrets
import time
from dataclasses import dataclass, field
from typing import Literal

import psycopg

from warehouse.connection import as_reader, connect

IDLE_S = 1800.0
MOST_FAILURES, LOCKED_S = 5, 60.0  # wrong passwords of one login, and for how long it then has to wait
_NODE = (
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
    """One signed-in manager: the own connection, the node, and the token that every form must bring back."""

    login: str
    reader: psycopg.Connection
    node_id: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    used: float = field(default_factory=time.monotonic)

    def knows(self, token: str) -> bool:
        """Whether a form came from this session's own page."""
        return secrets.compare_digest(token.encode(), self.token.encode())


@dataclass
class Sessions:
    """All sessions by their key, and the newest wrong passwords by login."""

    held: dict[str, Session] = field(default_factory=dict)
    failures: dict[str, list[float]] = field(default_factory=dict)

    def open(self, login: str, password: str) -> str:
        """Sign in; returns the new session's key. Raises NotAdmittedError."""
        now = time.monotonic()
        self.failures = {
            name: kept for name, times in self.failures.items() if (kept := [at for at in times if now - at < LOCKED_S])
        }
        if len(self.failures.get(login, [])) >= MOST_FAILURES:
            raise NotAdmittedError("locked")
        reader = as_reader(login, password) if login and password else None
        node_id = _node_of(login, reader) if reader else None
        if reader is None or node_id is None:
            self.failures.setdefault(login, []).append(now)
            if reader is None:
                raise NotAdmittedError("wrong")
            reader.close()
            raise NotAdmittedError("no_node")
        self.failures.pop(login, None)
        key = secrets.token_urlsafe(32)
        self.held[key] = Session(login, reader, node_id)
        return key

    def of(self, key: str) -> Session | None:
        """The session of a key, None when there is none or it was idle too long."""
        now = time.monotonic()
        for old in [old for old, session in self.held.items() if now - session.used > IDLE_S]:
            self.end(old)
        found = self.held.get(key)
        if found:
            found.used = now
        return found

    def end(self, key: str) -> None:
        """Sign out."""
        self.held.pop(key).reader.close()


def _node_of(login: str, reader: psycopg.Connection) -> str | None:
    """The topmost node that the login was given, `*` being the root; None when it sees none."""
    with connect("checker") as connection:
        rows = connection.execute(
            "select node_id from ops.org_access where account = %s order by 1", (login,)
        ).fetchall()
    given = [node for (node,) in rows]
    found = reader.execute(_NODE, (given, "*" in given)).fetchone()
    return found[0] if found else None
