"""What is missing stays missing in the marts, and what came after a build is not in it when it is made again."""

from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.dbt import worked
from tests.dbt.tenant import as_tenant, run_dbt
from warehouse.connection import connect

pytestmark = pytest.mark.slow

AGAIN = "build_again"


def test_a_deal_in_a_currency_without_a_rate_has_no_amount_and_is_counted_as_such(marts):  # type: ignore[no-untyped-def]
    columns = "open_count, open_without_amount_count, open_gross_amount, weighted_set_gross_amount, expected_open_gross_amount"
    assert marts(
        f"select {columns} from {{marts}}.fct_opportunity_period where opportunity_id = 'X1' and period_id = '2026Q2'"
    ) == [(1, 1, None, None, None)]
    ((without,),) = marts(
        "select open_without_amount_count from {marts}.mart_metrics"
        " where node_id = '2003' and slice_kind = 'all' and period_id = '2026Q2'"
    )
    assert without == 1


def test_whether_a_target_is_met_is_unknown_where_there_is_none(marts):  # type: ignore[no-untyped-def]
    rows = marts(
        "select target_gross_amount is null, is_target_met is null from {marts}.mart_metrics group by 1, 2 order by 1"
    )
    assert rows == [(False, False), (True, True)]


@pytest.fixture(scope="module")
def again(marts, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """The build's accuracy and calibration made again beside it, after another build of a frozen day and one of yesterday were published
    and with stages that nobody set a rate for."""
    with as_tenant(worked.TENANT):
        frozen = min(row["day"] for row in worked.rows_of("forecasts")).date()
        yesterday = worked.DAY - timedelta(days=1)
        later = [(f"{frozen:%Y%m%d}_ffffffffffff", frozen), (f"{yesterday:%Y%m%d}_ffffffffffff", yesterday)]
        publish_later(later)
        with connect("transformer", autocommit=True) as connection:
            connection.execute(f"create schema {AGAIN}")
            for mart in ("mart_stage_conversion", "mart_open_opportunities"):
                connection.execute(f"create table {AGAIN}.{mart} as select * from {worked.SCHEMA}.{mart}")
            connection.execute(f"update {AGAIN}.mart_stage_conversion set set_rate = null")
        run = partial(run_dbt, Path(tmp_path_factory.mktemp("again")))
        models = "mart_forecast_accuracy mart_stage_rate_calibration mart_build"
        run(models, worked.AS_OF, build_id=worked.BUILD, build_schema=AGAIN, rate_least_count=1)
    yield marts
    with as_tenant(worked.TENANT), connect("owner_ddl") as owner:
        names = [build_id for build_id, _ in later]
        for table in ("scores.period_forecasts", "ops.publications", "ops.builds"):
            owner.execute(f"delete from {table} where build_id = any(%s)", (names,))
    with as_tenant(worked.TENANT), connect("transformer") as connection:
        connection.execute(f"drop schema {AGAIN} cascade")


def publish_later(builds: list[tuple[str, date]]) -> None:
    """Publish builds of earlier days now, whose forecasts are ten times those of the frozen ones."""
    for build_id, day in builds:
        with connect("transformer") as connection:
            connection.execute(
                "insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state)"
                " values (%s, %s, 'x', 'x', 'win-1', 1, 'published')",
                (build_id, day),
            )
            connection.execute(
                "insert into ops.publications (build_id, as_of, kind, manifest) values (%s, %s, 'publish', '{}')",
                (build_id, day),
            )
        with connect("ml") as connection:
            connection.execute(
                "insert into scores.period_forecasts (build_id, node_id, period_id, measure, won, from_open, from_new, mean, p10, p50, p90)"
                " select distinct on (node_id, period_id) %s, node_id, period_id, measure, mean * 10, 0, 0, mean * 10, p10, p50, p90"
                " from scores.period_forecasts where p50 is not null order by node_id, period_id, build_id",
                (build_id,),
            )


@pytest.mark.parametrize("mart", ["mart_forecast_accuracy", "mart_build"])
def test_a_build_made_again_knows_no_build_that_was_published_after_it(again, mart):  # type: ignore[no-untyped-def]
    rows = f"select * from {{}}.{mart} as t order by t::text"
    assert again(rows.format(AGAIN)) == again(rows.format("{marts}"))
    assert again(f"select count(*) > 0 from {AGAIN}.{mart}") == [(True,)]


def test_history_proposes_a_rate_where_nobody_set_one(again):  # type: ignore[no-untyped-def]
    rows = again(
        f"select verdict, proposed_set_rate = round(realised_ever_rate, 2), count(*) > 0 from {AGAIN}.mart_stage_rate_calibration"
        " where entered_count > 0 group by 1, 2"
    )
    assert rows == [("proposed", True, True)]
