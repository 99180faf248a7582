"""How fast and how stubbornly a system is asked: waits between attempts, and a limit of requests for each endpoint.

Both are shared by the threads that ask one system.
"""

import random
import time
from collections.abc import Callable
from threading import Lock

LONGEST_WAIT_S = 300.0
Pause = Callable[[float], None]


class Patience:
    """How often and how long to wait: exponential with jitter, a server's wish first. Counts waits; `pause` sleeps."""

    def __init__(self, attempts: int = 5, base_s: float = 0.5, pause: Pause = time.sleep) -> None:
        self.attempts, self._base_s, self._pause = attempts, base_s, pause
        self.waits, self.waited_s = 0, 0.0
        self._lock = Lock()

    def wait(self, attempt: int, wished_s: float | None = None) -> None:
        """Wait before attempt number `attempt` + 1."""
        jittered = self._base_s * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - spreads requests, guards nothing
        seconds = min(jittered if wished_s is None else max(wished_s, 0.0), LONGEST_WAIT_S)
        with self._lock:
            self.waits += 1
            self.waited_s += seconds
        self._pause(seconds)


class Pace:
    """At most `per_window` requests in `window_s` seconds for each endpoint, by spacing them; 0 means no limit."""

    def __init__(self, per_window: int, window_s: float = 20.0, pause: Pause = time.sleep) -> None:
        self._space_s = window_s / per_window if per_window else 0.0
        self._pause = pause
        self._next: dict[str, float] = {}
        self._lock = Lock()

    def take(self, endpoint: str) -> None:
        """Wait until the endpoint may be called again."""
        with self._lock:
            now = time.monotonic()
            due = max(self._next.get(endpoint, now), now)
            self._next[endpoint] = due + self._space_s
        if due > now:
            self._pause(due - now)
