"""WeCom's days and answers as rows of a walk.

In: a walk, an item of an answer. Out: the days that the walk asks for (seconds at midnight in Beijing), flat rows.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from connectors.streams import Stream
from warehouse.walks import Walk

Item = TypeVar("Item")
BEIJING = ZoneInfo("Asia/Shanghai")
LONGEST_PAST_DAYS = 180


def chunks(items: list[Item], size: int) -> list[list[Item]]:
    """The items in their order, at most `size` together."""
    return [items[at : at + size] for at in range(0, len(items), size)]


def days_of(walk: Walk) -> list[date]:
    """The days in Beijing that begin within the walk's window, as far back as WeCom remembers."""
    last = (walk.window_to - timedelta(microseconds=1)).astimezone(BEIJING).date()
    first = last - timedelta(days=LONGEST_PAST_DAYS - 1)
    if walk.window_from is not None:
        began = walk.window_from.astimezone(BEIJING)
        first = max(first, began.date() + timedelta(days=int(began.time() > time(0))))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def seconds(day: date) -> int:
    """The second at which a day begins in Beijing."""
    return int(datetime.combine(day, time(0), BEIJING).timestamp())


def part_of(row: Any, part: str) -> Any:
    """The contact itself, or one member's relation to it."""
    try:
        contact, relation = row["external_contact"], row["follow_info"]
        return contact if part == "contact" else {**relation, "external_userid": contact["external_userid"]}
    except (TypeError, KeyError):
        return row


def dated(row: Any, stream: Stream, walk: Walk) -> dict[str, Any]:
    """The row of a day, provisional where the day ended last and its figures are ready only later."""
    if not isinstance(row, dict):
        return {}
    ends = datetime.fromtimestamp(row.get("stat_time") or 0, UTC) + timedelta(days=1)
    return {**row, "is_provisional": stream.is_final_later and ends >= walk.window_to}
