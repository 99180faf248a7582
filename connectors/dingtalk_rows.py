"""DingTalk's customers as flat rows, and what belongs to a walk: no gateway filters by change time, so that is decided here."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from config.settings import settings
from connectors.reading import milliseconds
from connectors.streams import mapping_of
from warehouse.walks import Walk


def customer_of(row: Any) -> dict[str, Any]:
    """The customer flat: what its form holds beside what the system keeps about it."""
    if not isinstance(row, dict):
        return {}
    form, owners = row.get("data") or {}, (row.get("permission") or {}).get("ownerStaffIds") or []
    own = {name: value for name, value in row.items() if name not in ("data", "extendData", "permission")}
    return {**form, **own, "ownerStaffIds": owners}


def zone_of_customers() -> ZoneInfo:
    """The time zone of customers' times, as the tenant's mapping names it for the streams that are dated by them."""
    named = [
        each.changed.zone for each in mapping_of("dingtalk").streams.values() if each.changed and each.changed.zone
    ]
    return ZoneInfo(named[0] if named else settings().time_zone)


def changed_ms(row: dict[str, Any], zone: ZoneInfo) -> int | None:
    """A customer's change time in milliseconds, None when it cannot be read."""
    try:
        return milliseconds(datetime.fromisoformat(row["modifyTime"]).replace(tzinfo=zone))
    except (KeyError, TypeError, ValueError):
        return None


def is_since(at: Any, walk: Walk) -> bool:
    """Whether a change lies behind the window's beginning; one without a readable instant may."""
    return not isinstance(at, int) or walk.window_from is None or at >= milliseconds(walk.window_from)


def is_within(at: Any, walk: Walk) -> bool:
    """Whether a record belongs to the walk; one without a readable instant is kept, to be set aside by name."""
    return not isinstance(at, int) or (is_since(at, walk) and at < milliseconds(walk.window_to))
