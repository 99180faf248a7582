"""What a reading that takes long tells on its way: rows, pages, requests, waits, and how long it goes on where that can be told.

In: the counts so far after each landing, and the share of the reading that lies behind, where its source knows one. Out: a line at most
every `EVERY_S` seconds; a night's increment is over before the first. The clock serves these lines alone.
"""

import time
from collections.abc import Callable

EVERY_S = 10.0


class Progress:
    """The lines of one reading. `name`: the system and stream."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._began = self._told = clock()
        self._first: float | None = None

    def line(self, *, rows: int, pages: int, requests: int, waits: int, share: float | None) -> str | None:
        """What to tell now, None while it is too early."""
        now = self._clock()
        self._first = share if self._first is None else self._first
        if now - self._told < EVERY_S:
            return None
        self._told = now
        counts = f"{rows:,} rows in {pages:,} pages so far, {requests:,} requests, {waits} waits"
        return f"{self._name}: {counts}{self._left(now, share)}"

    def _left(self, now: float, share: float | None) -> str:
        """How long it goes on if what is left comes as fast as what came since the first landing told its share."""
        if share is None or self._first is None or share <= self._first:
            return ""
        seconds = (now - self._began) * (1 - share) / (share - self._first)
        return f", {share:.0%} read, about {seconds / 60:.0f} min left" if seconds >= 60 else f", {share:.0%} read"
