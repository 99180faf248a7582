"""Marts that look back, worked by hand over a handful of rows (`looked_back.py`): were chances right, which leads became deals, what did
gates say, what was published; and what owners commit to.
"""

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_chances_of_a_tenth_stand_beside_the_share_that_was_won(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts(
        "select node_id, tenth, deals_count, won_count, mean_chance_rate::float, won_rate::float, calibration_error_rate::float, horizon"
        " from {marts}.mart_chance_calibration where slice_kind = 'all' and node_id = any(array['1001', '1003', 'D10']) order by 1, 2"
    )
    # D10: E08 5 % and H7 8 %, neither won; E01 72 %, E02 75 % and E07 78 %, all but E02 won; E03 100 %, lost
    assert rows == [
        ("1001", 1, 2, 0, 0.065, 0.0, 0.15, "week_4"),  # (|0.13 − 0| + |1.47 − 1|) ÷ 4
        ("1001", 8, 2, 1, 0.735, 0.5, 0.15, "week_4"),
        ("1003", 8, 1, 1, 0.78, 1.0, 0.22, "week_4"),
        ("D10", 1, 2, 0, 0.065, 0.0, 0.23, "week_4"),  # (|0.13 − 0| + |2.25 − 2| + |1 − 0|) ÷ 6
        ("D10", 8, 3, 2, 0.75, 0.666667, 0.23, "week_4"),
        ("D10", 10, 1, 0, 1.0, 0.0, 0.23, "week_4"),
    ]
    [(low, high)] = marts(
        "select won_rate_low::float, won_rate_high::float from {marts}.mart_chance_calibration"
        " where slice_kind = 'all' and node_id = 'D10' and tenth = 8"
    )
    assert (low, high) == pytest.approx((0.207660, 0.938507), abs=1e-5)  # Wilson, 2 of 3


def converted(marts: Any, kind: str) -> dict[tuple[str, str], tuple[int, int, float]]:
    """(node, value) → leads, converted, rate."""
    rows = marts(
        "select node_id, slice_value, leads_count, converted_count, conversion_rate::float from {marts}.mart_lead_conversion"
        f" where slice_kind = '{kind}' and node_id = any(array['1001', '1003', 'D0'])"
    )
    return {(node, value): (leads, wins, rate) for node, value, leads, wins, rate in rows}


def test_leads_convert_by_source_response_and_first_score(marts) -> None:  # type: ignore[no-untyped-def]
    """L1 and L4 within 90 days, L3 after 95, L2 never; L5 is 44 days old and L6 withdrawn. Nobody's L4 counts at the company alone."""
    assert converted(marts, "all") == {
        ("1001", "all"): (2, 1, 0.5),
        ("1003", "all"): (1, 0, 0.0),
        ("D0", "all"): (4, 2, 0.5),
    }
    assert converted(marts, "lead_source")["D0", "baidu"] == (2, 1, 0.5)
    assert converted(marts, "lead_source")["D0", "fair"] == (2, 1, 0.5)
    assert converted(marts, "industry")["D0", "none"] == (1, 1, 1.0)
    responses = {value: found for (node, value), found in converted(marts, "response").items() if node == "D0"}
    assert responses == {"1_hour": (1, 1, 1.0), "3_day": (1, 0, 0.0), "6_never": (2, 1, 0.5)}
    tenths = {value: found for (node, value), found in converted(marts, "score_tenth").items() if node == "D0"}
    assert tenths == {"01": (1, 1, 1.0), "02": (1, 0, 0.0), "03": (1, 0, 0.0)}


def test_gates_are_shown_by_their_last_attempt_of_the_two_weeks_before(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts(
        "select checked_on::text, border, suite, passed_count, failed_count, failed_checks from {marts}.rpt_gate_check order by 1"
    )
    assert rows == [
        ("2026-05-13", "landing", "landing.walks", 2, 1, "is_quarantine_small"),
        ("2026-05-14", "features", "features.spine", 1, 0, None),
    ]


def test_the_log_of_publications_says_what_was_read_for_each(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts(
        "select published_build_id, model_version, publication_number, received_count, landed_count, quarantined_count, published_for::text"
        " from {marts}.rpt_publication order by published_for"
    )
    assert rows == [
        ("20260225_bbbbbbbbbbbb", "win-1", 4, 120, 35, 2, "2026-02-25"),
        ("20260325_bbbbbbbbbbbb", "win-1", 5, None, None, None, "2026-03-25"),
    ]


def test_commit_is_below_best_case_by_what_owners_called_best_case(marts) -> None:  # type: ignore[no-untyped-def]
    """E02 and E16 are committed, E09 is best case, E13 pipeline; E05, E17, E19 and E20 nobody judged."""
    rows = marts(
        "select node_id, commit_gross_amount::text, best_case_gross_amount::text, without_category_gross_amount::text"
        " from {marts}.mart_forecast_category where node_id = any(array['1001', '1002', '1003', 'D10']) order by 1"
    )
    assert rows == [
        ("1001", "180000.00", "360000.25", "165000.00"),  # won 100,000 + E02 80,000; + E09 180,000.25
        ("1002", "40000.00", "40000.00", "0.00"),
        ("1003", "60000.00", "60000.00", "500000.00"),
        ("D10", "280000.00", "460000.25", "665000.00"),
    ]
