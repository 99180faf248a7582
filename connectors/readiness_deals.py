"""The deals of a folder of exports as a readiness report looks at them: each row with what could be read of it and what could not.

In: the files that onboarding recognises as lists of deals. Out: `Deal`, with a day where the file has an instant; nothing is landed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.export_plan import Found
from connectors.file_mapping import STANDARD, Source
from connectors.file_rows import RowError, value_of
from connectors.files import Row
from connectors.onboard_options import CLOSED, meaning
from connectors.onboard_standard import standard_fields

DAYS = ("expected_close_on", "created_at", "closed_at")
READ = ("id", "account_name", "owner_id", "stage", "amount", *DAYS)


@dataclass(frozen=True, slots=True)
class Deal:
    """One row. `said` are its texts by our field, `code` the stage it means ("" where nothing tells), `unread` the fields whose cell is
    there and cannot be read."""

    file: str
    said: dict[str, str]
    code: str
    amount: Decimal | None
    expected_on: date | None
    created_on: date | None
    closed_on: date | None
    unread: tuple[str, ...]

    @property
    def id(self) -> str:
        """The deal's id, "" where the row has none."""
        return self.said.get("id", "")

    @property
    def is_open(self) -> bool:
        """Whether its stage is neither won nor lost."""
        return self.code not in CLOSED


def deals_of(found: Found, zone: ZoneInfo) -> list[Deal]:
    """Every row of one file."""
    words = standard_fields("files").stages
    return [_deal(found, row, words, zone) for row in found.export.rows]


def _deal(found: Found, cells: dict[str, str], words: Any, zone: ZoneInfo) -> Deal:
    said = {ours: cells.get(column, "").strip() for ours in READ if (column := found.column(ours))}
    unread: list[str] = []
    values: dict[str, Any] = {}
    for ours in ("amount", *DAYS):
        held = found.proposals.get(ours)
        if held is None or not said[ours]:
            continue
        source = Source(columns=[held.theirs.name], scale=held.scale or Decimal(1))
        try:
            values[ours] = value_of(STANDARD["opportunities"][ours], source, Row(0, cells), zone)
        except RowError:
            unread.append(ours)
    code, amount = meaning(words, said.get("stage", "")), values.get("amount")
    if code not in CLOSED and "expected_close_on" not in said:
        # A lone column of closing says of an open deal when it is expected to close.
        values["expected_close_on"] = values.pop("closed_at", None)
    return Deal(
        found.export.path.name,
        said,
        code,
        Decimal(str(amount)) if amount is not None else None,
        _day(values.get("expected_close_on"), zone),
        _day(values.get("created_at"), zone),
        _day(values.get("closed_at"), zone),
        tuple(unread),
    )


def _day(value: Any, zone: ZoneInfo) -> date | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(str(value))
    return moment.astimezone(zone).date() if moment.tzinfo else moment.date()


def last_day(deals: Sequence[Deal]) -> date | None:
    """The last day on which anything was created or closed: about the day of the export."""
    return max((day for deal in deals for day in (deal.created_on, deal.closed_on) if day), default=None)
