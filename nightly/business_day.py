"""Which business day a night is for: the one asked for, the one set, the sandbox company's, or the day that ended last."""

import json
from datetime import UTC, date, datetime

from config.settings import settings
from nightly.services import run_module
from warehouse.clock import day_before
from warehouse.steps import StepError


def parse_day(text: str) -> date:
    """A day written YYYY-MM-DD; raises StepError that names the text."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise StepError(f"{text!r} is not a day: write it as YYYY-MM-DD, for example 2026-05-20") from error


def resolve(asked: str, scheduled_at: str = "") -> date:
    """The business day of a night. `scheduled_at` is the instant (ISO 8601) at which Airflow started it."""
    if chosen := asked.strip() or settings().as_of:
        return parse_day(chosen)
    if settings().sandbox:
        return parse_day(json.loads(run_module("sandbox", "clock", quiet=True))["day"])
    started = (
        datetime.fromisoformat(scheduled_at) if scheduled_at else datetime.now(UTC)
    )  # the caller's clock, not logic's
    return day_before(started)
