"""A past night replayed learns what that night learned: deals that were told otherwise since then are as they were known."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ml.amounts import read_won
from ml.dataset import read_rows
from tests.dbt import histories
from tests.dbt.tenant import deal_record, land_row, land_rows, milliseconds
from warehouse.clock import cutoff

pytestmark = pytest.mark.slow
Build = Callable[..., None]
Query = Callable[..., list[tuple[Any, ...]]]

FIRST, NIGHT, LATER = "2025-11-03", "2026-02-23", "2026-04-13"  # Mondays, as the days of the grid are
CREATED = "2026-01-06 09:00"
Left = tuple[list[str], list[tuple[Any, ...]]]


def learned(day: str) -> list[str]:
    """What the model of a day is fitted on: every number of its rows, and the wins that teach amounts."""
    rows, won = read_rows(date.fromisoformat(day)), read_won(date.fromisoformat(day))
    features = rows.features.itertuples(index=False)
    told = zip(rows.deal, rows.day, rows.closed, rows.known, rows.is_won, features, strict=True)
    return [*map(repr, told), *map(repr, won.itertuples(index=False))]


def windows(day: str, query: Query) -> list[tuple[Any, ...]]:
    """What the forecast of a day begins with, and what came of its past windows, by which ranges are judged."""
    return query(
        "select node_id, window_id, won_gross_amount, open_won_gross_amount, new_gross_amount from features.period_features"
        " where as_of_date = %s order by node_id, window_id",
        day,
    )


def put(deal: str, at: str, stage: str, entered: str, amount: str) -> None:
    """A record of a deal, changed at an instant, in a stage since another."""
    record = deal_record(
        stage, CREATED, sales_process_id="parts", stg_changed_time=milliseconds(entered), amount=amount
    )
    land_row(histories.OPP, deal, at, record)


def put_twin() -> None:
    """A deal of a sheet that the CRM tells of as well, from the second of March on."""
    sheet = {
        "id": "SHEET", "account_name": "华东机电有限公司", "name": "压力机", "amount": "98000.00", "currency": "CNY", "stage": "x",
        "expected_close_on": "2026-05-02", "created_at": "2025-12-02T09:00:00+08:00",
    }  # fmt: skip
    land_row("fxiaoke__accounts", "A1", "2025-12-01 08:00", {"name": "华东机电有限公司", "life_status": "normal"})
    land_row("files__opportunities", "SHEET", "2025-12-02 09:00", sheet)
    told = {"name": "压力机", "close_date": milliseconds("2026-05-01"), "sales_process_id": "parts"}
    land_row(histories.OPP, "LEADING", "2026-03-02 09:00", deal_record("pt_need", "2026-03-02 09:00", **told))


@pytest.fixture(scope="module")
def night(build: Build, query: Query) -> Left:
    """A night of random deals and four planted ones, then one that tells most otherwise and makes the first one's windows anew; what
    the first had left."""
    land_rows(histories.landed(histories.live(seed=5, deals=60)))
    for deal in ("REOPENED", "CORRECTED", "REDATED", "DELETED"):
        put(deal, CREATED, "pt_need", CREATED, "500.00")
        put(deal, "2026-02-10 09:00", "won", "2026-02-10 09:00", "400.00")
    put("REOPENED", "2026-03-10 09:00", "pt_quote", "2026-03-10 09:00", "400.00")
    put("REOPENED", "2026-03-30 09:00", "lost", "2026-03-30 09:00", "400.00")
    put("CORRECTED", "2026-03-11 09:00", "won", "2026-02-10 09:00", "300.00")
    put("REDATED", "2026-03-12 09:00", "pt_quote", "2026-03-12 09:00", "400.00")
    put("REDATED", "2026-03-13 09:00", "won", "2026-03-13 09:00", "400.00")
    land_row(histories.OPP, "DELETED", "2026-03-13 09:00", {"is_deleted": True})
    put_twin()
    future = deal_record("pt_need", "2026-02-25 09:00", sales_process_id="parts")
    land_row(histories.OPP, "FUTURE", "2026-02-20 09:00", future)
    build("features", NIGHT, feature_from=FIRST, feature_every_days=7)
    left = learned(NIGHT), windows(NIGHT, query)
    build("features", LATER, feature_from=FIRST, feature_every_days=7, forecast_from=NIGHT)
    return left


def test_a_night_replayed_learns_what_it_learned(night: Left) -> None:
    """A win that was opened again a month later was a lost deal to the replay of the days between, a deleted one was none."""
    assert learned(NIGHT) == night[0]
    assert (
        sum("CORRECTED" in told and "400.0" in told for told in night[0]) == 5
    )  # Mondays from 12 January to 9 February


def test_a_night_replayed_begins_with_what_it_knew_as_won(night: Left, query: Query) -> None:
    assert windows(NIGHT, query) == night[1]
    ((to_date,),) = query(
        "select sum(won_gross_amount) from features.opportunity_outcomes where closed_on between '2026-01-01' and %s",
        NIGHT,
    )
    assert to_date < night[1][0][2]  # the later night knows less of it


@pytest.mark.parametrize(
    ("day", "reopened", "corrected", "redated", "deleted"),
    [
        ("2026-02-09", *[[("open", None, None, None)]] * 4),
        (NIGHT, *[[("won", "400.00", "2026-02-10", "2026-02-10")]] * 4),
        (
            "2026-03-20",
            [("open", None, None, None)],
            [("won", "300.00", "2026-02-10", "2026-02-10")],
            [("won", "400.00", "2026-03-13", "2026-03-13")],
            [],
        ),
        (
            LATER,
            [("lost", None, "2026-03-30", "2026-03-30")],
            [("won", "300.00", "2026-02-10", "2026-02-10")],
            [("won", "400.00", "2026-03-13", "2026-03-13")],
            [],
        ),
    ],
)
def test_each_day_has_the_outcomes_that_were_told_by_then(
    night: Left, query: Query, day: str, reopened: object, corrected: object, redated: object, deleted: object
) -> None:
    asked = """select outcome, won_gross_amount::text, closed_on::text, outcome_known_on::text from features.opportunity_outcome_versions
               where opportunity_id = %s and valid_from <= %s and %s < valid_to"""
    at = cutoff(date.fromisoformat(day))
    found = [query(asked, deal, at, at) for deal in ("REOPENED", "CORRECTED", "REDATED", "DELETED")]
    assert found == [reopened, corrected, redated, deleted]


def test_a_deal_that_another_system_tells_of_too_is_one_until_that_is_known(night: Left, query: Query) -> None:
    asked = "select outcome, valid_to from features.opportunity_outcome_versions where opportunity_id = 'SHEET'"
    assert query(asked) == [("open", cutoff(date(2026, 3, 2)))]
    assert query("select count(*) > 0 from features.opportunity_features where opportunity_id = 'SHEET'") == [(True,)]


def test_a_deal_that_says_it_will_be_created_is_none_before(night: Left, query: Query) -> None:
    (row,) = query(
        "select outcome, valid_from from features.opportunity_outcome_versions where opportunity_id = 'FUTURE'"
    )
    assert row == ("open", cutoff(date(2026, 2, 25)))


def test_the_outcomes_of_the_last_night_are_the_versions_that_hold(night: Left, query: Query) -> None:
    names = "opportunity_id, outcome, won_gross_amount, is_backfilled, created_on, closed_on, outcome_known_on"
    last = query(f"select {names} from features.opportunity_outcomes order by 1")
    at = cutoff(date.fromisoformat(LATER))
    assert last == query(
        f"select {names} from features.opportunity_outcome_versions where valid_from <= %s and %s < valid_to order by 1",
        at,
        at,
    )
    deals = "select opportunity_id from intermediate.int_deals_as_of order by 1"
    assert [row[0] for row in last] == [row[0] for row in query(deals)]
