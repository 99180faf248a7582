"""What a night does not compute again is as if it had: after a series of days each table equals, row by row, one built in full.

A day that is built again is built in full, so each check builds the last day once more and compares what stood with what stands.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.dbt import histories
from tests.dbt.tenant import Row, deal_record, land_row, land_rows, milliseconds
from tests.end_to_end.tables import hashes
from warehouse.connection import connect

pytestmark = pytest.mark.slow
Build = Callable[..., None]
Query = Callable[..., list[tuple[Any, ...]]]

MODELS = "+int_deals_as_of +int_stage_entries"
SCHEMAS = ("staging", "intermediate")
DAYS = ("2026-01-10", "2026-02-20", "2026-03-25")
LAST = "2026-04-10"
CHAIN = (
    "staging.stg_fxiaoke__opportunities", "intermediate.int_opportunity_versions", "intermediate.int_stage_records",
    "intermediate.int_stage_events", "intermediate.int_stage_path_versions", "intermediate.int_closing_versions",
    "intermediate.int_deals_standing", "intermediate.int_stage_entries",
)  # fmt: skip


@pytest.fixture(scope="module")
def days(build: Build, query: Query) -> dict[str, dict[str, str]]:
    """Random deals and one that a sheet tells of too, built day by day; day → hashes of the tables as the day left them.

    One record in three had landed long before its day, one in three comes a build late, as history; the rest comes in time.
    """
    left: dict[str, dict[str, str]] = {}
    rows = [*histories.landed(histories.live(seed=11, deals=60)), *twins()]
    early, late = rows[::3], rows[1::3]
    land_rows(early)
    for number, day in enumerate(DAYS):
        since = DAYS[number - 1] if number else "0"
        land_rows(row for row in rows[2::3] if since < row[2][:10] <= day)
        for table, record_id, changed, record in late:
            if number and (DAYS[number - 2] if number > 1 else "0") < changed[:10] <= since:
                land_row(table, record_id, changed, record, known=day)
        run(build, day)
        left[day] = tables(query)
    return left


def twins() -> list[Row]:
    """A deal of the CRM that a sheet, then Salesforce's log, tells of as well."""
    account = {"name": "华东机电有限公司", "life_status": "normal"}
    deal = deal_record(
        "pt_need", "2025-12-01 09:00", name="压力机", close_date=milliseconds("2026-05-01"), sales_process_id="parts"
    )
    sheet = {
        "id": "S1", "account_name": "华东机电有限公司", "name": "压力机", "amount": "98000.00", "currency": "CNY", "stage": "x",
        "expected_close_on": "2026-05-02", "created_at": "2025-12-02T09:00:00+08:00",
    }  # fmt: skip
    step = {"OpportunityId": "R11-003", "StageName": "x", "CreatedDate": "2026-03-01T00:00:00.000+0000"}
    return [
        *[("fxiaoke__accounts", "A1", "2025-12-01 08:00", account)] * 1,
        ("fxiaoke__opportunities", "T1", "2025-12-01 09:00", deal),
        ("files__opportunities", "S1", "2026-03-20 09:00", sheet),
        ("salesforce__stage_changes", "C1", "2026-03-01 08:00", step),
    ]


def run(build: Build, day: str) -> None:
    """The models of a day, however long ago they were built in full."""
    build(MODELS, day, kept_whole_days=1000)


def tables(query: Query) -> dict[str, str]:
    """Table → its rows and their hash."""
    return hashes(SCHEMAS, query)


def built(query: Query) -> dict[str, str]:
    """Table → how its last build came about."""
    return dict(query("select relation, built from kept.tables"))


def test_days_that_computed_changed_keys_alone_equal_a_day_built_in_full(
    days: dict[str, dict[str, str]], build: Build, query: Query
) -> None:
    how = built(query)
    assert {name: how[name] for name in CHAIN} == dict.fromkeys(CHAIN, "keys")
    assert how["intermediate.int_calendar_day_versions"] == "nothing"
    run(build, DAYS[-1])
    assert built(query)[CHAIN[-1]] == "whole: the day is not a later one"
    assert tables(query) == days[DAYS[-1]]
    assert all(int(days[DAYS[-1]][name].split()[0]) > 60 for name in CHAIN[:5])


def test_whatever_else_happened_is_computed_in_full(
    days: dict[str, dict[str, str]], build: Build, query: Query
) -> None:
    """A stage is renamed by a setting, a model's code changed, and rows of landing are gone."""
    run(build, DAYS[-1])
    with connect("loader") as connection:
        connection.execute(
            "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason) values"
            " ('stage_map', 'fxiaoke|parts|pt_quote', jsonb_build_object('stage_code', 'S4'), '2026-04-01', '2026-03-30', 'test', 'test')"
        )
    with connect("transformer") as connection:
        connection.execute("update kept.tables set code = 'of old' where relation = %s", (CHAIN[2],))
    with connect("owner_ddl") as connection:
        connection.execute("delete from landing.fxiaoke__opportunities where record_id in ('R11-001', 'R11-002')")
    run(build, LAST)
    how = built(query)
    assert how[CHAIN[0]] == "whole: rows of landing.fxiaoke__opportunities are gone or were rewritten"
    assert how[CHAIN[2]] == "whole: the query is another one"
    assert how[CHAIN[4]] == "whole: intermediate.int_stage_map_versions changed"
    left = tables(query)
    assert query(
        "select count(*) from intermediate.int_opportunity_versions where opportunity_id in ('R11-001', 'R11-002')"
    ) == [(0,)]
    run(build, LAST)
    assert tables(query) == left


def test_a_past_day_is_built_in_full_and_gives_the_same_rows(build: Build, query: Query) -> None:
    """Nothing is left of what later days told; the day after it is narrowed again."""
    run(build, DAYS[1])
    left = tables(query)
    assert built(query)[CHAIN[0]] == "whole: the day is not a later one"
    run(build, LAST)
    assert built(query)[CHAIN[0]] == "keys"
    run(build, DAYS[1])
    assert tables(query) == left


def test_once_in_a_while_a_day_is_built_in_full_for_no_reason(build: Build, query: Query) -> None:
    build("stg_fxiaoke__opportunities", DAYS[2])
    assert built(query)[CHAIN[0]] == "whole: in full once in a while"
    assert date.fromisoformat(DAYS[2]) in {day for (day,) in query("select whole_on from kept.tables")}
