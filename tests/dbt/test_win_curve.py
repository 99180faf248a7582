"""The win curve of the worked example's region, worked out in a loop from the workbook's own deals."""

from typing import Any

import pytest

from tests.dbt.workbook import Workbook
from tests.dbt.worked import BOOK

pytestmark = pytest.mark.slow


def ends() -> list[tuple[int, str]]:
    """(week in which it ended or was last seen, what became of it) of each deal that counts."""
    book = Workbook(BOOK)
    deals: dict[str, dict[str, Any]] = book.table("deals")
    today = book.value("days", "B2")
    found = []
    for deal in deals.values():
        if deal["stage"] and not deal["is_backfilled"]:
            outcome = {5: "won", 6: "lost"}.get(deal["stage"], "open")
            found.append((int((deal["closed"] or today) - deal["created"]) // 7, outcome))
    return found


def curve(deals: list[tuple[int, str]], last: int) -> list[tuple[int, int, float, float, float]]:
    """Week, deals at risk, shares won, lost and open by its end: who was still open, times the share of them that ended so."""
    still_open, won, lost, lines = 1.0, 0.0, 0.0, []
    for week in range(last + 1):
        at_risk = sum(end >= week for end, _ in deals)
        winners, losers = (deals.count((week, outcome)) for outcome in ("won", "lost"))
        won += still_open * winners / at_risk
        lost += still_open * losers / at_risk
        still_open *= 1 - (winners + losers) / at_risk
        lines.append((week, at_risk, won, lost, still_open))
    return lines


def test_open_deals_are_censored_and_losing_competes_with_winning(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts(
        "select week, at_risk_count, won_share::float, lost_share::float, open_share::float from {marts}.mart_win_curve"
        " where node_id = 'D10' and slice_kind = 'all' order by week"
    )
    deals = ends()
    expected = curve(deals, max(end for end, _ in deals))
    assert rows == [pytest.approx(line, abs=1e-6) for line in expected]
    assert rows[-1][2] > sum(outcome == "won" for _, outcome in deals) / len(deals), "open deals are no losses"
