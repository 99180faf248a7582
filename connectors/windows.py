"""A walk's window in the pieces that a vendor lets itself be asked for, each piece whole or not at all.

In: a walk and the longest span of one question. Out: half-open pieces in order; the cursor of such a walk is the number of pieces that are
done, so a killed walk asks for its unfinished piece again, counts it anew and lets the hash drop what landed. Vendors that page by number
count what they have: pages that shift or go missing on the way are noticed by that count, never taken for the whole.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from connectors.streams import Stream
from warehouse.steps import StepError
from warehouse.walks import Walk

Span = tuple[datetime, datetime]
FIRST_DAYS = 365  # how far the first night looks back where the stream's option `first_days` does not say


def beginning(stream: Stream, walk: Walk) -> datetime:
    """Where the walk's window begins; the first night of a stream looks back by its option `first_days`."""
    return walk.window_from or walk.window_to - timedelta(days=int(stream.options.get("first_days", FIRST_DAYS)))


def pieces(stream: Stream, walk: Walk, longest: timedelta) -> list[Span]:
    """The walk's window, oldest piece first, none longer than `longest`."""
    found, start = [], beginning(stream, walk)
    while start < walk.window_to:
        found.append((start, min(start + longest, walk.window_to)))
        start += longest
    return found


def whole(
    ask: Callable[[int, Any], tuple[list[Any], int]], key: str, what: str
) -> Iterator[tuple[list[Any], int, bool]]:
    """All pages of one piece, numbered from 1 on, and whether each is its last. `ask(number, last row)` gives rows and the count of all.

    Raises StepError instead of giving the last page when fewer different records came than were counted.
    """
    seen: set[str] = set()
    number = received = 0
    last: Any = None
    while True:
        number += 1
        rows, total = ask(number, last)
        seen.update(_identity(row, key, received + place) for place, row in enumerate(rows))
        received += len(rows)
        last = rows[-1] if rows else last
        is_last = not rows or received >= total
        if is_last and len(seen) < total:
            raise StepError(
                f"{what} counts {total} records and showed {len(seen)} of them: records moved between its pages; rerun"
            )
        yield rows, number, is_last
        if is_last:
            return


def _identity(row: Any, key: str, place: int) -> str:
    """The record's id, or its place where it shows none."""
    found = row.get(key) if isinstance(row, dict) else None
    return f"#{place}" if found is None else str(found)
