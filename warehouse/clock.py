"""Business days and the instants at which they end. No wall clock here: the day is always given."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from config.settings import settings


def cutoff(day: date) -> datetime:
    """The instant (UTC) at which business day `day` is over: day+1 00:00 in the business time zone."""
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=ZoneInfo(settings().time_zone))
    return midnight.astimezone(UTC)


def business_day(instant: datetime) -> date:
    """The business day that `instant` (any zone) falls on."""
    return instant.astimezone(ZoneInfo(settings().time_zone)).date()


def day_before(instant: datetime) -> date:
    """The business day that had ended last at `instant`."""
    return business_day(instant) - timedelta(days=1)
