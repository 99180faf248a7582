"""Stage events, rates and the lists of exceptions, on the company of the worked example (docs/worked-example.md)."""

import pytest

pytestmark = pytest.mark.slow


def test_the_stages_are_the_six_of_the_standard(marts):  # type: ignore[no-untyped-def]
    rows = marts(
        "select stage_code, name_zh, set_rate::float from {marts}.dim_stage where is_current order by stage_order"
    )
    assert rows == [
        ("S1", "线索挖掘", 0.1),
        ("S2", "需求确认", 0.3),
        ("S3", "方案报价", 0.5),
        ("S4", "谈判签约", 0.8),
        ("WON", "赢单", 1.0),
        ("LOST", "输单", 0.0),
    ]


def test_events_replay_to_the_present_stage_with_skips_regressions_and_reopenings_flagged(marts):  # type: ignore[no-untyped-def]
    rows = marts(
        "select opportunity_id, from_stage_code, to_stage_code, days_in_stage, is_skip, is_regression, is_reopening, is_current"
        " from {marts}.fct_stage_event where opportunity_id in ('E16', 'E19', 'H4') order by opportunity_id, event_number"
    )
    assert rows == [
        ("E16", None, "S2", 21, False, False, False, False),
        ("E16", "S2", "S3", 26, False, False, False, False),
        ("E16", "S3", "S2", None, False, True, False, True),
        ("E19", None, "S3", 66, False, False, False, False),
        ("E19", "S3", "LOST", 42, False, False, False, False),
        ("E19", "LOST", "S3", None, False, False, True, True),
        ("H4", None, "S2", 30, False, False, False, False),
        ("H4", "S2", "S4", 40, True, False, False, False),
        ("H4", "S4", "WON", None, False, False, False, True),
    ]


def test_every_event_names_the_landed_record_that_shows_it(marts):  # type: ignore[no-untyped-def]
    orphans = marts(
        "select e.opportunity_id from {marts}.fct_stage_event as e left join landing.fxiaoke__opportunities as l"
        " on l.record_id = e.evidence_record_id and l.changed_at = e.evidence_changed_at where l.record_id is null"
    )
    assert orphans == []


def test_a_skipped_stage_counts_as_passed_and_a_backfilled_win_counts_nowhere(marts):  # type: ignore[no-untyped-def]
    rows = marts(
        "select stage_code, entered_count, converted_count, won_count, undecided_count from {marts}.mart_stage_conversion"
        " where node_id = 'D10' and slice_kind = 'all' order by 1"
    )
    assert [row for row in rows if row[0] == "S4"] == [("S4", 2, 2, 2, 0)], "E06 was entered three days before its win"
    assert all(row[2] <= row[1] for row in rows), "no conversion above 100 %"
    stays = marts(
        "select count(*) from intermediate.int_stage_cohorts where opportunity_id = 'H4' and stage_code = 'S3'"
    )
    assert stays == [(1,)]


def test_the_interval_is_wilsons(marts):  # type: ignore[no-untyped-def]
    rows = marts(
        "select entered_count, won_count, realised_ever_rate_low::float, realised_ever_rate_high::float from {marts}.mart_stage_conversion"
        " where node_id = 'D102' and slice_kind = 'all' and stage_code = 'S2'"
    )
    # H5 and E07; E05 and E16 came in later than 108 days ago. 1 of 2: (1 + 1.960²/2 ± 1.960 √(1 × 1/2 + 1.960²/4)) / (2 + 1.960²)
    assert rows == [(2, 1, pytest.approx(0.094531, abs=1e-6), pytest.approx(0.905469, abs=1e-6))]


def test_a_set_rate_inside_the_interval_is_left_alone(marts):  # type: ignore[no-untyped-def]
    rows = marts(
        "select distinct verdict, proposed_set_rate from {marts}.mart_stage_rate_calibration where node_id = 'D10'"
    )
    assert rows == [("agrees", None)]


def test_a_stage_without_its_evidence_is_listed_with_what_is_missing(marts):  # type: ignore[no-untyped-def]
    rows = marts(
        "select opportunity_id, stage_code, evidence_kind from {marts}.rpt_stage_violation"
        " where opportunity_id in ('E10', 'E11', 'E12', 'E15', 'E16', 'E01') and evidence_kind <> 'quote' order by 1"
    )
    assert rows == [
        # E10's contract is filed
        ("E11", "LOST", "refusal"),
        ("E12", "WON", "contract"),
        # E15 stands at S1, which asks for nothing; E01 was won in an earlier period
        ("E16", "S2", "contact"),
    ]


def test_a_quote_clears_a_deal_at_the_quote_stage_or_behind_it_and_a_voided_one_does_not(marts):  # type: ignore[no-untyped-def]
    rows = marts(
        "select opportunity_id, stage_code, asking_stage_code from {marts}.rpt_stage_violation"
        " where evidence_kind = 'quote' and opportunity_id in ('E02', 'E09', 'E13', 'E16', 'E19') order by 1"
    )
    assert rows == [("E13", "S3", "S3"), ("E19", "S3", "S3")]


def test_a_win_without_contract_and_a_loss_without_reason_are_not_verified(marts):  # type: ignore[no-untyped-def]
    rows = marts(
        "select opportunity_id, is_won_verified, is_lost_verified from {marts}.fct_opportunity"
        " where opportunity_id in ('E10', 'E11', 'E12', 'E09') order by 1"
    )
    assert rows == [("E09", None, None), ("E10", True, None), ("E11", None, False), ("E12", False, None)]


def test_a_rate_that_the_rep_typed_is_listed_and_weighs_nothing(marts):  # type: ignore[no-untyped-def]
    rows = marts(
        "select opportunity_id, owner_id, set_rate::float, rep_rate::float, rate_difference::float from {marts}.rpt_rate_override"
    )
    assert rows == [("E16", "1003", 0.3, 0.95, 0.65)]
    weighted = marts(
        "select weighted_set_gross_amount::text from {marts}.fct_opportunity_period"
        " where opportunity_id = 'E16' and period_id = '2026Q2'"
    )
    assert weighted == [("18000.00",)]


def test_a_deal_that_stands_longer_than_nine_in_ten_won_deals_did_is_stuck(marts):  # type: ignore[no-untyped-def]
    rows = marts(
        "select opportunity_id, days_in_stage, won_days_p90::text from {marts}.rpt_stuck_opportunity"
        " where sales_process = 'equipment' order by 1"
    )
    # won stays at S2, in days: 62 H1, 25 H2, 30 H4, 41 E01, 90 E07, 22 E10, 32 E12: nine in ten stayed for up to 73.2
    assert rows == [("E05", 94, "73.2"), ("E08", 120, "73.2"), ("E13", 84, "58.2"), ("E14", 75, "73.2")]
