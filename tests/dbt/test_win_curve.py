"""The win curve of the worked example's region equals the workbook's cells: open deals are censored, losing competes with winning."""

import pytest

from tests.dbt.workbook import Workbook
from tests.dbt.worked import BOOK

pytestmark = pytest.mark.slow


def test_open_deals_are_censored_and_losing_competes_with_winning(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts(
        "select week, at_risk_count, won_share::float, lost_share::float, open_share::float from {marts}.mart_win_curve"
        " where node_id = 'D10' and slice_kind = 'all' order by week"
    )
    book = Workbook(BOOK)
    cells = book.table("win_curve")
    shown = [
        (int(week), line["at_risk_count"], line["won_share"], line["lost_share"], line["open_share"])
        for week, line in cells.items()
    ]
    assert rows == [pytest.approx(line, abs=1e-6) for line in shown]
    deals = book.table("curve_deals").values()
    won = sum(deal["won"] for deal in deals) / sum(deal["counts"] for deal in deals)
    assert rows[-1][2] > won, "open deals are no losses"
