"""People's numbers: what a manager says a node will land in the period, or a deal bring, beside the published build's baseline.

In: numbers with reasons, and the instant at which they are said. Out: rows of `ops.submissions`. The baseline is never touched: a number
is kept with the build and the baseline that stood beside it, so that baseline + adjustment = number, to the cent. Nothing is changed or
deleted; the newest row of a node or deal and week counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from config.settings import settings
from warehouse.connection import connect

MOST = Decimal("1e14")  # above any company's period; a slip of the keyboard
LONGEST_REASON = 500
_HEADER = "select build_id, as_of, period_id, period_ends_on from published.mart_build"
_NODES = """
    select f.node_id, f.node_name, f.node_level, f.target, f.won, f.mean, f.p10, f.p50, f.p90
    from published.mart_period_forecast as f where f.node_id = %(node)s or f.parent_node_id = %(node)s
    order by f.node_id <> %(node)s, f.mean desc, f.node_id
"""
_DEALS = """
    select d.opportunity_id, d.opportunity_name, d.account_name, d.owner_name, d.gross_amount, d.p_win_by_period_end,
        d.expected_gross_amount
    from published.mart_open_opportunities as d
    where d.expected_gross_amount is not null and (%(is_root)s or %(node)s in (d.owner_id, d.team_id, d.region_id))
    order by d.expected_gross_amount desc, d.opportunity_id limit %(most)s
"""
_SAID = """
    select distinct on (node_id, opportunity_id) node_id, opportunity_id, gross_amount, reason, said_by, as_of, is_late
    from ops.submissions where period_id = %(period)s and as_of >= %(since)s and as_of < %(until)s
    order by node_id, opportunity_id, submission_id desc
"""


@dataclass(frozen=True, slots=True)
class Header:
    """The published build that people look at while they say their number."""

    build_id: str
    as_of: date
    period_id: str
    period_ends_on: date


@dataclass(frozen=True, slots=True)
class Line:
    """One node or deal that a number can be said for. `baseline`: the model's mean, or p × amount of a deal; gross, base currency."""

    node_id: str
    opportunity_id: str | None
    name: str
    baseline: Decimal
    shown: dict[str, Any]

    @property
    def key(self) -> tuple[str, str | None]:
        """What one number of a week is said for."""
        return self.node_id, self.opportunity_id


@dataclass(frozen=True, slots=True)
class Said:
    """One number as a person gave it."""

    line: Line
    gross_amount: Decimal
    reason: str


def header(reader: psycopg.Connection) -> Header | None:
    """The published build as `reader` sees it, None before the first."""
    found = reader.execute(_HEADER).fetchone()
    return Header(*found) if found else None


def lines(reader: psycopg.Connection, node_id: str, deals: int = 50) -> list[Line]:
    """The node, its children, and the open deals with the most expected in the period, as far as `reader` may see them."""
    found = []
    told = reader.cursor(row_factory=dict_row)
    for shown in told.execute(_NODES, {"node": node_id}).fetchall():
        found.append(Line(shown["node_id"], None, shown["node_name"], shown["mean"], shown))
    if not found:
        return []
    is_root = found[0].shown["node_level"] == "company"
    for shown in told.execute(_DEALS, {"most": deals, "node": node_id, "is_root": is_root}).fetchall():
        name = shown["opportunity_name"] or shown["opportunity_id"]
        found.append(Line(node_id, shown["opportunity_id"], name, shown["expected_gross_amount"], shown))
    return found


def business_day(moment: datetime) -> date:
    """The day of an instant in the business time zone."""
    return moment.astimezone(ZoneInfo(settings().time_zone)).date()


def week(day: date) -> date:
    """The Monday of the day's week: a number said in it is that week's call."""
    return day - timedelta(days=day.weekday())


def said(period_id: str, monday: date) -> dict[tuple[str, str | None], dict[str, Any]]:
    """(node, deal) → the number that counts for the week of `monday`, with its reason and author."""
    with connect("submitter") as connection:
        return _said(connection, period_id, monday)


def _said(connection: psycopg.Connection, period_id: str, monday: date) -> dict[tuple[str, str | None], dict[str, Any]]:
    bounds = {"period": period_id, "since": monday, "until": monday + timedelta(days=7)}
    rows = connection.cursor(row_factory=dict_row).execute(_SAID, bounds).fetchall()
    return {(row["node_id"], row["opportunity_id"]): row for row in rows}


def is_late(moment: datetime) -> bool:
    """Whether the week's window (setting `submission_due`: ISO weekday and local time) had closed at `moment`."""
    weekday, clock = settings().submission_due.split()
    local = moment.astimezone(ZoneInfo(settings().time_zone))
    closes = datetime.combine(
        week(local.date()) + timedelta(days=int(weekday) - 1), time.fromisoformat(clock), local.tzinfo
    )
    return local > closes


def faults(asked: Sequence[Said], seen: Header, day: date, words: Mapping[str, str]) -> list[str]:
    """What keeps the numbers from being taken, each with what to do; `day` is the business day on which they are said."""
    if day > seen.period_ends_on:
        return [words["frozen"].format(period=seen.period_id, day=seen.period_ends_on)]
    if day < seen.as_of:
        return [words["early"].format(day=day, as_of=seen.as_of)]
    found = []
    for each in asked:
        told = {
            "name": each.line.name,
            "amount": each.gross_amount,
            "baseline": each.line.baseline,
            "most": LONGEST_REASON,
        }
        if (
            not each.gross_amount.is_finite()
            or not 0 <= each.gross_amount <= MOST
            or each.gross_amount != round(each.gross_amount, 2)
        ):
            found.append(words["no_amount"].format(**told))
        elif each.gross_amount != each.line.baseline and not each.reason.strip():
            found.append(words["needs_reason"].format(**told))
        elif len(each.reason) > LONGEST_REASON:
            found.append(words["long_reason"].format(**told))
    return found


def keep(asked: Sequence[Said], seen: Header, moment: datetime, said_by: str, door: Literal["workbook", "page"]) -> int:
    """Append the numbers, all or none; those that the person said last in this week are left out. Returns the rows added.

    One at a time: what is said in two places at once is compared in turn, so that nothing is kept twice.
    """
    day = business_day(moment)
    with connect("submitter") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('landfall submissions'))")
        known = _said(connection, seen.period_id, week(day))
        fresh = [each for each in asked if not _is_known(each, known.get(each.line.key), said_by)]
        for each in fresh:
            connection.execute(
                "insert into ops.submissions (period_id, node_id, opportunity_id, as_of, said_by, door, build_id, baseline, gross_amount,"
                " reason, is_late) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    seen.period_id, each.line.node_id, each.line.opportunity_id, day, said_by, door, seen.build_id,
                    each.line.baseline, each.gross_amount, each.reason.strip(), is_late(moment),
                ),
            )  # fmt: skip
    return len(fresh)


def _is_known(each: Said, row: dict[str, Any] | None, said_by: str) -> bool:
    asked = (each.gross_amount, each.reason.strip(), said_by)
    return row is not None and (row["gross_amount"], row["reason"], row["said_by"]) == asked
