"""Business days in zones whose clocks change: a day has 23 or 25 hours, no instant lies in two, and a night knows which day has ended."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.settings import settings
from warehouse.clock import business_day, cutoff, day_before

CHANGES = [
    # zone, day of the change, its hours, when its night starts: 01:30 after it, by the clock on the wall
    ("America/New_York", date(2026, 3, 8), 23, "2026-03-09T01:30:00-04:00"),
    ("America/New_York", date(2026, 11, 1), 25, "2026-11-02T01:30:00-05:00"),
    ("Europe/Berlin", date(2026, 3, 29), 23, "2026-03-30T01:30:00+02:00"),
    ("Asia/Shanghai", date(2026, 3, 29), 24, "2026-03-30T01:30:00+08:00"),
]


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The business time zone of the test."""
    monkeypatch.setenv("LANDFALL_TIME_ZONE", request.param)
    settings.cache_clear()
    yield request.param
    settings.cache_clear()


@pytest.mark.parametrize(("zone", "day", "hours", "night"), CHANGES, indirect=["zone"])
def test_a_day_ends_at_its_own_midnight_and_the_next_begins_there(zone: str, day: date, hours: int, night: str) -> None:
    began, ended = cutoff(day - timedelta(days=1)), cutoff(day)
    assert ended - began == timedelta(hours=hours)
    assert ended.astimezone(ZoneInfo(zone)) == datetime.combine(
        day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone)
    )
    last = ended - timedelta(microseconds=1)
    assert (business_day(began), business_day(last), business_day(ended)) == (day, day, day + timedelta(days=1))
    assert day_before(datetime.fromisoformat(night)) == day


@pytest.mark.parametrize("zone", ["America/New_York"], indirect=True)
def test_both_half_past_ones_of_an_autumn_night_belong_to_the_same_day(zone: str) -> None:
    for offset in ("-04:00", "-05:00"):
        assert day_before(datetime.fromisoformat(f"2026-11-01T01:30:00{offset}")) == date(2026, 10, 31)
