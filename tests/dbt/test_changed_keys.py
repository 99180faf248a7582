"""What a night does not compute again is as if it had: after a series of days each table equals, row by row, one built in full.

A day that is built again is built in full, so each check builds the last day once more and compares what stood with what stands.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from nightly.dbt_engine import PROJECT
from tests.dbt import histories
from tests.dbt.tenant import Row, deal_record, land_row, land_rows, milliseconds
from tests.end_to_end.tables import hashes
from warehouse.connection import connect

pytestmark = pytest.mark.slow
Build = Callable[..., None]
Query = Callable[..., list[tuple[Any, ...]]]

MODELS = "+int_deals_as_of +int_open_versions +int_stage_entries +int_interaction_versions --exclude-resource-type test"
VIEW = "staging.stg_fxiaoke__opportunities"  # of landing
MODEL = "stg_fxiaoke__activity_records"
SCHEMAS = ("staging", "intermediate")
DAYS = ("2026-01-10", "2026-02-20", "2026-03-25")
LAST = "2026-04-10"
CHAIN = (
    "intermediate.int_opportunity_versions", "intermediate.int_stage_records", "intermediate.int_stage_events",
    "intermediate.int_stage_path_versions", "intermediate.int_closing_versions",
    "intermediate.int_deals_standing", "intermediate.int_stage_entries", "intermediate.int_open_versions",
    "staging.stg_fxiaoke__activity_records", "intermediate.int_interaction_versions", "staging.stg_fxiaoke__accounts",
    "intermediate.int_account_versions",
)  # fmt: skip


@pytest.fixture(scope="module")
def days(build: Build, query: Query) -> dict[str, dict[str, str]]:
    """Random deals and one that a sheet tells of too, built day by day; day → hashes of the tables as the day left them.

    One record in three had landed long before its day, one in three comes a build late, as history; the rest comes in time.
    """
    left: dict[str, dict[str, str]] = {}
    rows = [*histories.landed(histories.live(seed=11, deals=60)), *twins()]
    rows += [contact(number, row) for number, row in enumerate(rows) if row[0] == histories.OPP]
    early, late = rows[::3], rows[1::3]
    account = {"name": "华东机电有限公司", "life_status": "normal"}
    renamed = [("2025-12-01 08:00", account), ("2026-03-02 08:00", account | {"industry": "machines"})]
    land_rows(("fxiaoke__accounts", "A1", *told) for told in renamed)
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
    deal = deal_record(
        "pt_need", "2025-12-01 09:00", name="压力机", close_date=milliseconds("2026-05-01"), sales_process_id="parts"
    )
    sheet = {
        "id": "S1", "account_name": "华东机电有限公司", "name": "压力机", "amount": "98000.00", "currency": "CNY", "stage": "x",
        "expected_close_on": "2026-05-02", "created_at": "2025-12-02T09:00:00+08:00",
    }  # fmt: skip
    step = {"OpportunityId": "R11-003", "StageName": "x", "CreatedDate": "2026-03-01T00:00:00.000+0000"}
    return [
        ("fxiaoke__opportunities", "T1", "2025-12-01 09:00", deal),
        ("files__opportunities", "S1", "2026-03-20 09:00", sheet),
        ("salesforce__stage_changes", "C1", "2026-03-01 08:00", step),
    ]


def contact(number: int, row: Row) -> Row:
    """A talk about a deal, noted when the deal changed; each third one is noted again about another deal."""
    named = [{"id": row[1], "describe_api_name": "NewOpportunityObj"}, {"id": "A1", "describe_api_name": "AccountObj"}]
    record = {"active_record_type": "visit", "create_time": milliseconds(row[2]), "related_object_data": named}
    return "fxiaoke__activity_records", f"V{number // 3}", row[2], record


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
    assert all(int(days[DAYS[-1]][name].split()[0]) > 60 for name in CHAIN[:4])


def test_whatever_else_happened_is_computed_in_full(
    days: dict[str, dict[str, str]], build: Build, query: Query
) -> None:
    """A stage is renamed by a setting, a model's code changed, so did a view's below one, and rows of landing are gone."""
    run(build, DAYS[-1])
    with connect("loader") as connection:
        connection.execute(
            "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason) values"
            " ('stage_map', 'fxiaoke|parts|pt_quote', jsonb_build_object('stage_code', 'S4'), '2026-04-01', '2026-03-30', 'test', 'test')"
        )
    with connect("transformer") as connection:
        connection.execute("update kept.tables set code = 'of old' where relation = %s", (CHAIN[2],))
        connection.execute(
            "update kept.tables set inputs = jsonb_set(inputs, array[%s, 'code'], '\"of old\"') where relation = %s",
            (VIEW, CHAIN[1]),
        )
    with connect("owner_ddl") as connection:
        connection.execute("delete from landing.fxiaoke__opportunities where record_id in ('R11-001', 'R11-002')")
    run(build, LAST)
    how = built(query)
    assert how[CHAIN[0]] == "whole: rows of landing.fxiaoke__opportunities are gone or were rewritten"
    assert how[CHAIN[2]] == "whole: the query is another one"
    assert how[CHAIN[3]] == "whole: intermediate.int_stage_map_versions changed"
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
    build(MODEL, DAYS[2])
    assert built(query)[f"staging.{MODEL}"] == "whole: in full once in a while"
    assert date.fromisoformat(DAYS[2]) in {day for (day,) in query("select whole_on from kept.tables")}


def test_a_key_that_held_is_asked_again_of_what_came_since(build: Any, query: Query) -> None:
    compiled = "compiled/landfall/models/staging/_staging.yml/key_of_stg_fxiaoke__activity_r*.sql"
    asked = []
    with connect("transformer") as connection:
        connection.execute("create schema if not exists kept")
        connection.execute("drop table if exists kept.tests")
    for day in (DAYS[2], LAST):
        land_rows([contact(900, (histories.OPP, "R11-003", f"{day} 09:00", {}))])
        build(MODEL, day, kept_whole_days=1000)
        asked += [found.read_text("utf-8") for found in build.args[0].glob(compiled)]
    assert ["from kept.keys" in one for one in asked] == [False, True]
    assert query("select count(*) from kept.tests join kept.tables using (relation, change)") == [(1,)]


def test_whether_a_value_is_one_of_those_named_is_asked_of_what_came_since_alone(build: Any, query: Query) -> None:
    model, question, later = "int_stage_path_versions", "one_of_int_stage_path_versions_outcome*.sql", "2026-04-20"
    for day in (LAST, later):
        land_row(histories.OPP, f"OF-{day}", f"{day} 09:00", deal_record("pt_need", day))
        build(f"+{model} --exclude-resource-type test", day, kept_whole_days=1000)
        build(f"{model} --resource-type test", day, kept_whole_days=1000)
    (asked,) = {path.read_text("utf-8") for path in build.args[0].glob(f"compiled/**/{question}")}
    for deal, found in ((f"OF-{later}", 1), (f"OF-{LAST}", 0)):
        with connect("transformer") as connection, connection.transaction(force_rollback=True):
            connection.execute(f"update intermediate.{model} set outcome = 'tied' where opportunity_id = %s", (deal,))
            assert len(connection.execute(asked.encode()).fetchall()) == found, deal


def test_a_row_that_came_with_another_servers_number_is_no_news_each_night(build: Build, query: Query) -> None:
    run(build, DAYS[2])
    land_row("fxiaoke__accounts", "ELSEWHERE", f"{DAYS[1]} 09:00", {"name": "远方机电", "life_status": "normal"})
    with connect("owner_ddl") as connection:
        connection.execute(
            "alter table landing.fxiaoke__accounts disable trigger rewritten;"
            "update landing.fxiaoke__accounts set written_by = 9000000000000000 where record_id = 'ELSEWHERE';"
            "alter table landing.fxiaoke__accounts enable trigger rewritten"
        )
    run(build, LAST)
    assert built(query)["staging.stg_fxiaoke__accounts"] == "nothing"


def test_every_other_model_that_is_narrowed_makes_its_rows_of_one_record_each() -> None:
    """What the days above do not build is narrowed only where that is plain from its text: one record in, versions of it by its id out."""
    staging = sorted((PROJECT / "models" / "staging").glob("stg_*.sql"))
    channels = (PROJECT / "macros" / "leads.sql").read_text("utf-8")
    assert channels.count("source(") == channels.count("among_changed(system ~ '__leads', 'record_id')") == 1
    assert not re.search(r" over \(|group by|ref\(|\bjoin ", channels)
    marked = [text for path in staging if "among_changed" in (text := path.read_text("utf-8"))]
    assert len(marked) == sum("source('landing'" in path.read_text("utf-8") for path in staging)
    for text in marked:
        ((table, key),) = re.findall(r"among_changed\('(\w+)', '(\w+)'\)", text)
        assert (re.findall(r"source\('landing', '(\w+)'\)", text), key) == ([table], "record_id")
        of = re.findall(r"versions_of\('records'(?:, key='(\w+)')?\)", text)
        assert of == [""] or f"record_id as {of[0]}," in text
        assert not re.search(r" over \(|group by|ref\(|\bjoin (?!list)", text.replace("distinct * from related", "")), (
            table
        )
    for name in ("account", "lead", "person", "channel_lead"):
        text = (PROJECT / "models" / "intermediate" / f"int_{name}_versions.sql").read_text("utf-8")
        assert text.count("ref(") == text.count("among_changed(")
        assert not re.search(r" over \(|group by|distinct| join ", text), name
