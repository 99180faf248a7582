"""The sandbox's clock: business days in Asia/Shanghai, and seconds that may run faster than ours.

A sandbox day D ends at D+1 00:00; the CRM then stands at D+1 01:30, when the night starts. Its calendar runs on from there for the
stamps of what is written to it and rests at 07:30, when the build is due, so that nothing of ours is ever dated into a later day.
`seconds` never rests: quotas are counted in it.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.store import Store

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT_STARTS = timedelta(hours=1, minutes=30)
CALENDAR_RESTS_AFTER_S = 6 * 3600


def cutoff_ms(day: date) -> int:
    """End of a business day, D+1 00:00 in Asia/Shanghai, in epoch milliseconds."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(days=1)
    return int(midnight.timestamp()) * 1000


def night_ms(day: date) -> int:
    """D+1 01:30 in Asia/Shanghai, in epoch milliseconds: how far the company's life is told when its day is D."""
    return cutoff_ms(day) + int(NIGHT_STARTS.total_seconds()) * 1000


def iso(instant_ms: int) -> str:
    """An instant in milliseconds as ISO 8601 with Shanghai's offset."""
    return datetime.fromtimestamp(instant_ms / 1000, UTC).astimezone(ZONE).isoformat(timespec="milliseconds")


class Clock:
    """Sandbox time of one running server. `speed`: sandbox seconds per second; 0 stands still and moves by `step` only."""

    def __init__(self, store: Store, speed: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._speed = speed
        self._monotonic = monotonic
        self._started_at = monotonic()
        self._start = store.last_request_at()

    def seconds(self) -> float:
        """Sandbox seconds since the company was created; never goes back, also over restarts."""
        return self._start + (self._monotonic() - self._started_at) * self._speed

    def step(self, seconds: float) -> None:
        """Move the clock ahead at once."""
        self._start += seconds

    def now_ms(self) -> int:
        """The CRM's calendar in epoch milliseconds: between 01:30 and 07:30 of the night after the sandbox's day."""
        elapsed = max(0.0, self.seconds() - self._store.day_began_at())
        return night_ms(self._store.day()) + int(min(elapsed, CALENDAR_RESTS_AFTER_S) * 1000)
