"""DingTalk's customers as flat rows, and what belongs to a walk: no gateway filters by change time, so that is decided here."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.reading import milliseconds
from warehouse.walks import Walk

BEIJING = ZoneInfo("Asia/Shanghai")


def customer_of(row: Any) -> dict[str, Any]:
    """The customer flat: what its form holds beside what the system keeps about it."""
    if not isinstance(row, dict):
        return {}
    form, owners = row.get("data") or {}, (row.get("permission") or {}).get("ownerStaffIds") or []
    own = {name: value for name, value in row.items() if name not in ("data", "extendData", "permission")}
    return {**form, **own, "ownerStaffIds": owners}


def changed_ms(row: dict[str, Any]) -> int | None:
    """A customer's change time in milliseconds, None when it cannot be read."""
    try:
        return milliseconds(datetime.fromisoformat(row["modifyTime"]).replace(tzinfo=BEIJING))
    except (KeyError, TypeError, ValueError):
        return None


def is_since(at: Any, walk: Walk) -> bool:
    """Whether a change lies behind the window's beginning; one without a readable instant may."""
    return not isinstance(at, int) or walk.window_from is None or at >= milliseconds(walk.window_from)


def is_within(at: Any, walk: Walk) -> bool:
    """Whether a record belongs to the walk; one without a readable instant is kept, to be set aside by name."""
    return not isinstance(at, int) or (is_since(at, walk) and at < milliseconds(walk.window_to))
