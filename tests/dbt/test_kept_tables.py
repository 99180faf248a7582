"""A rebuild leaves a table as the query says and touches no row that was so before: told by its place (ctid) and writer (xmin)."""

from collections.abc import Callable
from typing import Any

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow
MODEL = "stg_tryton__opportunities"
ROWS = f"select opportunity_id, valid_from, valid_to, ctid::text, xmin::text from staging.{MODEL} order by 1, 2"
Build = Callable[..., None]
Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def rebuilt(land: Callable[..., None], build: Build) -> Callable[[str], None]:
    """Four deals of January 5, built; rebuilt(as_of) builds again."""
    for number in range(4):
        land("tryton__opportunities", f"O{number}", "2026-01-05 10:00", {"amount": "100000.00"})
    build(MODEL, "2026-01-05")
    return lambda as_of: build(MODEL, as_of)


def plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows without where they lie."""
    return [row[:3] for row in rows]


def test_a_rebuild_of_the_same_writes_nothing(rebuilt: Callable[[str], None], query: Query) -> None:
    before = query(ROWS)
    rebuilt("2026-01-05")
    assert query(ROWS) == before
    assert len(before) == 4


def test_a_changed_deal_writes_its_new_version_and_closes_the_one_before(
    rebuilt: Callable[[str], None], land: Callable[..., None], query: Query
) -> None:
    before = query(ROWS)
    land("tryton__opportunities", "O1", "2026-01-06 10:00", {"amount": "90000.00"})
    rebuilt("2026-01-06")
    after = query(ROWS)
    assert [row for row in after if row[0] != "O1"] == [row for row in before if row[0] != "O1"]
    first, second = (row for row in after if row[0] == "O1")
    assert first[2] == second[1]
    assert {first[4], second[4]}.isdisjoint(row[4] for row in before)


def test_rows_and_columns_that_do_not_belong_there_are_gone_after_a_rebuild(
    rebuilt: Callable[[str], None], query: Query
) -> None:
    """A row twice, a row too few, an amount of another scale, a column of an older model: each as after a first build."""
    rebuilt("2026-01-06")
    right = query(ROWS)
    columns = f"select attname from pg_attribute where attrelid = 'staging.{MODEL}'::regclass and attnum > 0 and not attisdropped"
    named = query(columns)
    for damage in (
        f"insert into staging.{MODEL} select * from staging.{MODEL} where opportunity_id = 'O2'",
        f"delete from staging.{MODEL} where opportunity_id = 'O3'",
        f"update staging.{MODEL} set valid_to = valid_from",
        f"alter table staging.{MODEL} add column of_old text",
        f"alter table staging.{MODEL} alter original_net_amount type numeric(18, 3)",
    ):
        with connect("transformer") as connection:
            connection.execute(damage)
        rebuilt("2026-01-06")
        assert (plain(query(ROWS)), query(columns)) == (plain(right), named), damage


def test_a_view_upon_a_table_that_gets_other_columns_is_made_anew_in_the_same_run(build: Build, query: Query) -> None:
    """A release that changed a table's columns once failed at the views upon it, which had gone with the table unknown to dbt."""
    build("+int_deals_as_of", "2026-01-05")
    deals = query("select count(*), max(opportunity_id) from intermediate.int_deals_as_of")
    with connect("transformer") as connection:
        connection.execute("alter table intermediate.int_deals_standing add column of_old text")
    build("int_deals_standing int_deals_as_of", "2026-01-05")
    assert query("select count(*), max(opportunity_id) from intermediate.int_deals_as_of") == deals


def test_a_view_of_landing_takes_the_place_of_the_table_that_an_older_release_kept(
    land: Callable[..., None], build: Build, query: Query
) -> None:
    land("files__opportunities", "S1", "2026-01-05 10:00", {"id": "S1", "amount": "98000.00"})
    with connect("transformer") as connection:
        connection.execute("drop view staging.stg_files__opportunities cascade")
        connection.execute("create table staging.stg_files__opportunities (opportunity_id text)")
    build("stg_files__opportunities", "2026-01-05")
    assert query("select original_amount::text, is_late from staging.stg_files__opportunities") == [("98000.00", False)]
