"""What every ERP document is made of: lines with versions in time, money in cents, office hours, local times as text.

A line is one entry of a bill with its header's fields repeated, as the ERP's queries show it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.clock import ZONE
from sandbox.company.seasons import instant

Row = dict[str, Any]
USD_CENTS = 710  # the books' rate for a dollar, in hundredths
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of one bill: its form, its key, and its versions (instant in epoch ms, fields) in order."""

    form: str
    key: tuple[int | str, ...]
    versions: tuple[tuple[int, Row], ...]

    def at(self, now_ms: int) -> tuple[int, Row] | None:
        """The version that holds at an instant, None before the first."""
        held = [version for version in self.versions if version[0] <= now_ms]
        return held[-1] if held else None


def office(ordinal: int, dice: Random) -> int:
    """An instant in the office hours of a day, in epoch milliseconds."""
    return instant(ordinal, 32_400 + dice.random() * 28_800) + int(dice.random() * 1000)


def day_text(ordinal: int) -> str:
    """A day as the ERP writes it."""
    return f"{date.fromordinal(ordinal).isoformat()}T00:00:00"


def time_text(at_ms: int) -> str:
    """An instant as the ERP writes it: its server's local time, no zone."""
    return (EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZONE).replace(tzinfo=None).isoformat("T", "milliseconds")


def in_zone(rows: list[Row], field: str, zone: str) -> list[Row]:
    """The rows as a server in another time zone dates their changes."""
    there = ZoneInfo(zone)
    if there == ZONE or not field:
        return rows
    return [
        {**row, field: datetime.fromisoformat(row[field]).replace(tzinfo=ZONE).astimezone(there).replace(tzinfo=None)
         .isoformat("T", "milliseconds")} if row.get(field) else row
        for row in rows
    ]  # fmt: skip


def yuan(cents: int) -> float:
    """Cents as the ERP sends amounts."""
    return cents / 100


def in_books(cents: int, is_usd: bool) -> int:
    """An amount in the books' currency, in cents."""
    return round(cents * USD_CENTS / 100) if is_usd else cents


def without_tax(cents: int, rate: int) -> int:
    """The net part of an amount with tax at `rate` percent."""
    return round(cents * 100 / (100 + rate))


def bill(
    form: str, number: int, steps: list[tuple[int, Row]], entries: list[Row], *, entry_key: str = "", modified: str = "FModifyDate"
) -> list[Line]:  # fmt: skip
    """The lines of one bill: `steps` are (instant, header fields) that add up; each entry repeats them."""
    lines = []
    for place, entry in enumerate(entries):
        key: Row = {"FID": number}
        if entry_key:
            key[entry_key] = number * 10 + place
        versions, held = [], {**key, **entry}
        for at, fields in steps:
            held = {**held, **fields, modified: time_text(at)}
            versions.append((at, held))
        lines.append(Line(form, tuple(key.values()), tuple(versions)))
    return lines


def approved(created: int, approved_at: int, header: Row, status: str = "FDocumentStatus") -> list[tuple[int, Row]]:
    """The two steps of most bills: created, then approved."""
    return [
        (created, {**header, status: "A"}),
        (approved_at, {status: "C", "FApproveDate": time_text(approved_at)}),
    ]
