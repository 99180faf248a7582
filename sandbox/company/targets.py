"""Targets of each quarter: 5–15 % above what lands for the company, spread over regions, teams and reps by their weight.

Only the company's sum knows what lands; how it is spread does not.
"""

from collections import defaultdict
from decimal import Decimal
from random import Random
from typing import Any

from sandbox.company import seasons
from sandbox.company.oracle import DealTruth
from sandbox.company.people import REGION_CODES, TEAM_CODES, Staff
from sandbox.company.seasons import Span

STRETCH = (1.05, 1.15)
GROWTH = 1.06  # for a quarter that the world does not live to the end: over the same quarter of the year before


def quarters(span: Span, last: int) -> list[int]:
    """The first day of each quarter from the window's first to that of the last day shown."""
    first = seasons.quarter_end(seasons.quarter_end(span.start) - 95) + 1
    days = []
    while first <= last:
        days.append(first)
        first = seasons.quarter_end(first) + 1
    return days


def targets(staff: Staff, truths: dict[str, DealTruth], last: int, seed: int) -> list[dict[str, Any]]:
    """Rows node_id, period_id, gross_amount (CNY, incl. tax) for company, regions, teams and reps; children add up to parents."""
    landed: dict[str, Decimal] = defaultdict(Decimal)
    for truth in truths.values():
        if truth.won_gross_amount is not None and truth.signed_on is not None:
            landed[seasons.quarter_name(truth.signed_on.toordinal())] += truth.won_gross_amount
    rows = []
    for first in quarters(staff.span, last):
        name, dice = seasons.quarter_name(first), Random(seed * 53 + first)
        stretch = Decimal(f"{STRETCH[0] + (STRETCH[1] - STRETCH[0]) * dice.random():.4f}")
        if seasons.quarter_end(first) < staff.span.end:
            total = landed[name] * stretch
        else:
            total = landed[f"{int(name[:4]) - 1}{name[4:]}"] * stretch * Decimal(str(GROWTH))
        if not landed[name] and not total:
            total = Decimal(1_000_000)
        rows += [
            {"node_id": node, "period_id": name, "gross_amount": v} for node, v in _spread(staff, first, total).items()
        ]
    return rows


def _spread(staff: Staff, first: int, total: Decimal) -> dict[str, Decimal]:
    """Shares by the seats' potential as teams and regions stand on the quarter's first day; reps are rounded to 1,000 yuan."""
    weights = sum(staff.potential)
    out: dict[str, Decimal] = defaultdict(Decimal)
    for seat, weight in enumerate(staff.potential):
        share = (total * Decimal(f"{weight / weights:.6f}") / 1000).quantize(Decimal(1)) * 1000
        team = staff.team(seat, first)
        nodes = ("D0", REGION_CODES[staff.region(team, first)], TEAM_CODES[team], staff.holder(seat, first).user_id)
        for node in nodes:
            out[node] += share.quantize(Decimal("0.01"))
    return out
