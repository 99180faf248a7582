"""What the review pages look back at, beside the worked example: leads of last autumn, chances and scores that were shown, targets, gates'
verdicts and walks.

In: the worked example's builds. Out: rows of the present tenant, few enough to be added up by hand in `test_review_marts.py`.
"""

from datetime import date
from typing import Any

from tests.dbt.tenant import Row, land_rows, milliseconds
from tests.dbt.worked import frozen_build
from warehouse.connection import connect

BORN = "2025-09-01 10:00"
WEEK_4 = date(2026, 1, 28)
# deal → its chance on WEEK_4 to be won in 2026Q1; E01 and E07 were
CHANCES = {"E01": 0.72, "E02": 0.75, "E03": 1.0, "E07": 0.78, "E08": 0.05, "H7": 0.08}
# build's day → lead → its score; the first that was shown counts
LEAD_SCORES = {date(2026, 1, 14): {"L1": 0.9, "L2": 0.2, "L3": 0.1}, date(2026, 1, 28): {"L1": 0.01}}
# night, border, suite, check, level, state, in the order in which they were made
CHECKS = [
    ("2026-05-01", "landing", "landing.walks", "is_finished", "critical", "failed"),  # more than two weeks ago
    (
        "2026-05-13",
        "landing",
        "landing.walks",
        "is_finished",
        "critical",
        "failed",
    ),  # passed when the gate was run again
    ("2026-05-13", "landing", "landing.walks", "is_finished", "critical", "passed"),
    ("2026-05-13", "landing", "landing.walks", "is_quarantine_small", "critical", "failed"),
    ("2026-05-13", "landing", "landing.walks", "is_volume_plausible", "critical", "passed"),
    ("2026-05-13", "landing", "landing.walks", "is_volume_usual", "warning", "failed"),
    ("2026-05-14", "features", "features.spine", "has_node", "critical", "passed"),
    ("2026-05-15", "features", "features.spine", "has_node", "critical", "failed"),  # the build's own night
]
# load, day, state, received, landed, quarantined
LOADS = [
    ("w1", "2026-02-25", "finished", 100, 30, 2),
    ("w2", "2026-02-25", "finished", 20, 5, 0),
    ("w3", "2026-02-25", "running", 7, 7, 0),
]


def leads() -> None:
    """Six leads: converted or not, spoken to after half an hour, after five hours or never; one is too young, one withdrawn."""
    rows: list[Row] = []

    def lead(key: str, owner: str, source: str, industry: str | None, born: str = BORN, **fields: Any) -> None:
        told = {
            "source": source,
            "industry": industry,
            "owner": [owner],
            "life_status": "normal",
            "biz_status": "closed",
        }
        record = {**told, "create_time": milliseconds(born), **fields}
        known = max(born, "2025-12-20 10:00")
        rows.append(("fxiaoke__leads", key, known, {name: said for name, said in record.items() if said}))

    def spoke(key: str, at: str, direction: str) -> None:
        related = [{"id": key, "describe_api_name": "LeadsObj"}]
        said = {"active_record_type": "1", "related_object_data": related, "create_time": milliseconds(at)}
        rows.append(("fxiaoke__activity_records", f"m{key}", at, said | {"direction__c": direction}))

    lead("L1", "1001", "baidu", "food", transformed_time__c=milliseconds("2025-09-20 10:00"))
    lead("L2", "1001", "baidu", "food")
    lead("L3", "1003", "fair", "auto", transformed_time__c=milliseconds("2025-12-05 10:00"))  # after 95 days
    lead("L4", "nobody", "fair", None, transformed_time__c=milliseconds("2025-09-05 10:00"))
    lead("L5", "1001", "baidu", "food", born="2026-04-01 10:00")
    lead("L6", "1001", "baidu", "food", life_status="invalid")
    spoke("L1", "2025-09-01 10:30", "out")
    spoke("L2", "2025-09-01 15:00", "out")
    spoke("L4", "2025-09-01 10:05", "in")
    land_rows(rows)


def shown() -> None:
    """Chances of deals in the build of WEEK_4, scores of leads in that one and in one before it."""
    with connect("ml") as connection:
        for deal, chance in CHANCES.items():
            connection.execute(
                "insert into scores.opportunity_scores (build_id, opportunity_id, as_of, p_win_ever, p_win_by_period_end, p_win_by_horizon,"
                " expected_close_week, tier, model_version, base_log_odds, contributions, reasons, features_digest)"
                " values (%s, %s, %s, 1, %s, '{}', '2026-02-02', 'small_model', 'win-1', 0, '{}', '[]', 'x')",
                (frozen_build(WEEK_4), deal, WEEK_4, chance),
            )
        for day, scores in LEAD_SCORES.items():
            for lead, score in scores.items():
                connection.execute(
                    "insert into scores.lead_scores (build_id, lead_id, as_of, p_convert_90d, tier, model_version, base_log_odds,"
                    " contributions, reasons, features_digest) values (%s, %s, %s, %s, 'model', 'win-1', 0, '{}', '[]', 'x')",
                    (frozen_build(day), lead, day, score),
                )


def aimed() -> None:
    """Targets of rep 1001 in each quarter of the year before."""
    with connect("loader") as connection:
        for period in ("2025Q1", "2025Q2", "2025Q3", "2025Q4"):
            connection.execute(
                "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason) values"
                " ('target', %s, '{\"gross_amount\": \"100000.00\"}', '2025-01-01', '-infinity', 'test', 'plan')",
                (f"1001|{period}",),
            )


def judged() -> None:
    """What gates said, and what walks read."""
    with connect("checker") as connection:
        for check in CHECKS:
            connection.execute(
                "insert into ops.check_results (as_of, border, suite, expectation, level, state, table_name)"
                " values (%s, %s, %s, %s, %s, %s, 'x')",
                check,
            )
    with connect("loader") as connection:
        for load, day, state, received, landed, quarantined in LOADS:
            connection.execute(
                "insert into ops.loads (load_id, system, stream, as_of, window_to, state, received, landed, unchanged, quarantined)"
                " values (%s, 'fxiaoke', 'quotes', %s, %s, %s, %s, %s, %s, %s)",
                (load, day, f"{day} 16:00+00", state, received, landed, received - landed - quarantined, quarantined),
            )
