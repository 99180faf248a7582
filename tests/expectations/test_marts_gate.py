"""The marts gate: what people and the CRM would be told is complete, of one build, and adds up; otherwise nothing is told."""

import pytest

from expectations.__main__ import decide
from tests.expectations.landings import execute, fetch
from tests.expectations.layers import DAY, make_build, make_features
from warehouse.builds import Build
from warehouse.publish import publish
from warehouse.steps import GateBlocked


@pytest.fixture
def build(tenant_database: str) -> Build:
    """A sound build of DAY."""
    make_features()
    return make_build()


@pytest.mark.parametrize(
    ("role", "fault", "told"),
    [
        ("transformer", "drop table {schema}.mart_period_forecast", "{schema}: is_there fails for 1 of 4 rows"),
        ("transformer", "delete from {schema}.mart_forecast_movement", "has_required_rows fails for 1 of 4 rows"),
        ("transformer", "update {schema}.mart_build set build_id = 'other'", "is_of_this_build fails for 1 of 4 rows"),
        (
            "transformer",
            "delete from {schema}.mart_open_opportunities where opportunity_id = 'O-2'",
            "is_shown fails for 1 of 3 rows",
        ),
        (
            "transformer",
            "insert into {schema}.mart_open_opportunities select build_id, 'O-9', 0.1, 0.1, 0, 0, 'S1' from {schema}.mart_build",
            "is_open fails for 1 of 4 rows",
        ),
        (
            "transformer",
            "update {schema}.mart_open_opportunities set p_win_by_period_end = null",
            "is_scored fails for 3 of 3 rows",
        ),
        (
            "transformer",
            "update {schema}.mart_open_opportunities set p_win_ever = 0.6",
            "is_as_scored fails for 3 of 3 rows",
        ),
        (
            "transformer",
            "update {schema}.mart_open_opportunities set expected_gross_amount = 41",
            "is_expected_amount_right",
        ),
        (
            "transformer",
            "update {schema}.mart_period_forecast set from_new = 51 where node_id = 'T1'",
            "is_sum_of_parts fails for 1 of 2 rows",
        ),
        (
            "transformer",
            "update {schema}.mart_period_forecast set p50 = p90 + 1",
            "is_range_ordered fails for 2 of 2 rows",
        ),
        (
            "transformer",
            "update {schema}.mart_period_forecast set mean = mean - 1, won = won - 1 where node_id = 'T1'",
            "is_sum_of_children",
        ),
        (
            "transformer",
            "update {schema}.mart_forecast_movement set amount = amount + 1",
            "is_sum_of_change fails for 1 of 1 rows",
        ),
        ("transformer", "update {schema}.mart_build set scored_count = 2", "is_every_deal_scored"),
        (
            "owner_ddl",
            "delete from scores.opportunity_scores where opportunity_id = 'O-3'",
            "is_scored fails for 1 of 3 rows",
        ),
        (
            "owner_ddl",
            "update scores.opportunity_scores set p_win_by_horizon = p_win_by_horizon || '{{\"60\": 0.29}}'",
            "is_growing_with_time",
        ),
        (
            "owner_ddl",
            "update scores.opportunity_scores set p_win_by_horizon = p_win_by_horizon - '90'",
            "is_growing_with_time",
        ),
        (
            "owner_ddl",
            "update scores.period_forecasts set from_open = 119, from_new = 51 where node_id = 'T1'",
            "is_sum_of_children",
        ),
        ("owner_ddl", "delete from scores.period_forecasts", "scores.period_forecasts: number of rows is 0"),
    ],
)
def test_a_planted_fault_blocks_is_named_and_is_not_published(build: Build, role: str, fault: str, told: str) -> None:
    execute(role, fault.format(schema=build.schema))
    with pytest.raises(GateBlocked) as caught:
        decide("marts", DAY, [])
    assert told.format(schema=build.schema) in str(caught.value)
    with pytest.raises(GateBlocked, match="is not published, the last build stays"):
        publish(DAY)


def test_a_forecast_without_a_range_passes_when_it_says_why(build: Build) -> None:
    no_range = "p10 = null, p50 = null, p90 = null, reason_no_range = 'fewer than 2 past windows'"
    execute("owner_ddl", f"update scores.period_forecasts set {no_range}")
    execute("transformer", f"update {build.schema}.mart_period_forecast set has_range = false, {no_range}")
    assert decide("marts", DAY, []).startswith("marts gate passed")


def test_only_marts_that_must_have_rows_are_warned_of_when_empty(build: Build) -> None:
    empty = ("mart_forecast_accuracy", "rpt_stage_violation", "mart_metrics")
    execute("transformer", *(f"create table {build.schema}.{name} (build_id text)" for name in empty))
    said = decide("marts", DAY, [])
    execute("transformer", *(f"drop table {build.schema}.{name}" for name in empty))
    assert "has_rows fails for 1 of 7 rows" in said, "mart_metrics; no exceptions and no closed period are no news"


def test_a_sound_build_passes_and_is_published_with_the_count_of_its_checks(build: Build) -> None:
    assert decide("marts", DAY, []).startswith("marts gate passed")
    publish(DAY)
    [(checks, shown)] = fetch(
        "select manifest -> 'checks', (select build_id from ops.published_build) from ops.publications"
    )
    assert shown == build.build_id
    assert checks["critical passed"] > 20  # type: ignore[index]
