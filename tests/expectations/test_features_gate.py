"""The features gate: a planted fault of each kind stops the model from being fed."""

import pytest

from expectations.__main__ import decide
from tests.expectations.landings import execute, fetch
from tests.expectations.layers import DAY, make_features
from warehouse.steps import GateBlocked


@pytest.fixture(autouse=True)
def _sound_features(tenant_database: str) -> None:
    make_features()


def test_sound_features_pass() -> None:
    assert decide("features", DAY, []).startswith("features gate passed")
    assert fetch(
        "select verdict from ops.gate_verdicts where border = 'features' order by verdict_id desc limit 1"
    ) == [("passed",)]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("delete from features.opportunity_features", "features.opportunity_features: number of rows is 0"),
        ("drop table features.opportunity_features", "is_present fails for 43 of 43 rows"),
        ("drop table features.opportunity_outcomes", "could not run (UndefinedTable)"),
        (
            "delete from features.opportunity_features where opportunity_id = 'O-2'",
            "has_features fails for 1 of 3 rows",
        ),
        ("delete from features.opportunity_nodes where opportunity_id = 'O-2'", "has_node fails for 1 of 3 rows"),
        ("alter table features.opportunity_features drop column days_in_stage", "is_present fails for 1 of"),
        (
            "alter table features.opportunity_features alter column age_days type text",
            "has_promised_type fails for 1 of",
        ),
        (
            "insert into features.opportunity_features select * from features.opportunity_features",
            "opportunity_id is unique",
        ),
        ("update features.opportunity_features set stage_code = null", "stage_code is known fails for 3 of 3 rows"),
        (
            "update features.opportunity_features set age_days = -1 where opportunity_id = 'O-3'",
            "age_days in range fails for 1 of 3 rows",
        ),
        ("update features.opportunity_features set owner_win_rate_365d = 1.2", "owner_win_rate_365d in range"),
        (
            "update features.opportunity_features set latest_event_at = cutoff_at where opportunity_id = 'O-1'",
            "is_event_before_cutoff fails for 1 of 3 rows (allowed: every row, first O-1)",
        ),
        (
            "update features.opportunity_features set latest_known_at = cutoff_at + interval '1 second'",
            "is_known_by_cutoff",
        ),
        ("update features.opportunity_features set interactions_count_14d = 5", "is_window_nested"),
        (
            "update features.opportunity_features set as_of_date = as_of_date + 1 where opportunity_id = 'O-1'",
            "has_features",
        ),
        (
            "insert into features.opportunity_features (opportunity_id, as_of_date) values ('O-1', '2026-01-06')",
            "number of deals with features of later days is 1 (allowed: none, first O-1)",
        ),
        (
            "update features.opportunity_outcomes set outcome_known_on = '2026-01-06', outcome = 'won', closed_on = '2026-01-05'",
            "is_known_by_the_day fails for 3 of 3 rows",
        ),
        ("update features.opportunity_outcomes set closed_on = '2026-01-05'", "is_closing_dated"),
        (
            "update features.period_features set won_gross_amount = 29.99 where node_id = 'T1'",
            "is_sum_of_children fails for 1 of 2 rows",
        ),
        ("delete from features.period_features", "features.period_features: number of rows is 0"),
    ],
)
def test_a_planted_fault_blocks_and_is_named(fault: str, told: str) -> None:
    execute("transformer", fault)
    with pytest.raises(GateBlocked) as caught:
        decide("features", DAY, [])
    assert told in str(caught.value)


def test_an_unknown_stage_is_a_warning_that_names_it() -> None:
    execute("transformer", "insert into intermediate.int_stage_values_unmapped values ('fxiaoke', 'parts', 'pt_pilot')")
    said = decide("features", DAY, [])
    assert "1 warnings" in said
    assert "fxiaoke|parts|pt_pilot" in said
    told = "select state, observed_count, reason like '%fxiaoke|parts|pt_pilot' from ops.check_results where suite = 'features.stages'"
    assert fetch(f"{told} order by check_id desc limit 1") == [("failed", 1, True)]
