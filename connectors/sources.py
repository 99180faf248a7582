"""What every system of records looks like to a walk, and which systems this tenant has.

A system is one module, `connectors/<system>.py`, with a function `source()` that opens it; its streams are data. Adding a system: that
module, its mapping file, its settings section in `config/systems.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from config.settings import settings
from connectors.calls import Calls
from connectors.streams import Stream
from warehouse.parts import Part
from warehouse.steps import StepError
from warehouse.walks import Walk


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a walk: flat records by the names of the mapping (oddities as they came, or rejects), and where a killed walk goes on
    behind it. `part`: the file or other part that it belongs to, where the walk's parts are to be counted one by one. `share`: of the
    reading that lies behind it, where that can be told."""

    rows: Sequence[Any]
    cursor: str | None
    is_last: bool
    part: Part | None = None
    share: float | None = None


class Source:
    """One opened system. `calls` counts what was sent."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """All records of the walk's window behind `walk.last_id`, page by page; the last page says so and may be empty."""
        raise NotImplementedError

    def ids(self, stream: Stream) -> Iterator[list[str]]:
        """The ids of all records that exist, page by page; asked for when the stream says how often."""
        raise NotImplementedError

    def held_back(self, stream: Stream, walk: Walk) -> int:
        """How many records others changed after the window's end, as far as one request tells."""
        return 0

    def faults(self, stream: Stream) -> list[str]:
        """What keeps the stream from being read as mapped: sentences that name the next action. Lands nothing."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections."""
        self.calls.close()


def must_move(title: str, what: str, former: object, following: object) -> None:
    """Raise StepError when a vendor names the page that was just read as the next one: it would be read for ever."""
    if following == former:
        raise StepError(f"{title} repeats a page of {what} instead of going on: ask its support, then rerun")


def open_source(system: str) -> Source:
    """Open a system. Raises StepError when it is not connected."""
    must_be_connected(system)
    return cast("Source", import_module(f"connectors.{system}").source())


def must_be_connected(system: str) -> None:
    """Raise StepError for a system without credentials."""
    if system not in settings().connected:
        known = ", ".join(settings().connected) or "none"
        raise StepError(
            f"{system} is not connected (connected: {known}): set its credentials (LANDFALL_{system.upper()}_…), then rerun"
        )
