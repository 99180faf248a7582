"""A tenant without a CRM: deals, stage log and contacts from mapped files, its own stages, currency and time zone."""

import json

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

SETTINGS = [
    ("tenant", "base_currency", {"value": "EUR"}),
    ("stage", "S1", {"name_zh": "受理", "name_en": "Received", "stage_order": 1, "set_rate": 0.2, "outcome": "open"}),
    ("stage_map", "files|*|A_SUBMITTED", {"stage_code": "S1"}),
    ("stage_map", "files|*|A_PARTLYSUBMITTED", {"stage_code": "S1"}),
    ("stage_map", "files|*|O_SENT", {"stage_code": "S3"}),
    ("stage_map", "files|*|A_ACTIVATED", {"stage_code": "WON"}),
    ("stage_map", "files|*|A_REGISTERED", {"stage_code": "WON"}),
    ("interaction_kind", "files|Nabellen offertes", {"channel": "call"}),
]


@pytest.fixture(scope="module")
def night(land, build):  # type: ignore[no-untyped-def]
    """One loan application with its log and one call; settings as the mapping writes them; a backfill of six days."""
    with connect("loader") as connection:
        for kind, key, value in SETTINGS:
            connection.execute(
                "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason)"
                " values (%s, %s, %s, '1970-01-01', '-infinity', 'mapping', 'test')",
                (kind, key, json.dumps(value)),
            )
    loan = {"id": "173688", "amount": "20000", "currency": "EUR", "created_at": "2011-10-01T09:00:00+08:00"}
    land("files__opportunities", "173688", "2011-10-01 09:00", loan)
    for number, (stage, at) in enumerate(
        [
            ("A_SUBMITTED", "2011-10-01 09:00"),
            ("A_PARTLYSUBMITTED", "2011-10-01 09:01"),
            ("O_SENT", "2011-10-03 10:00"),
            ("A_REGISTERED", "2011-10-05 10:00"),
            ("A_ACTIVATED", "2011-10-05 10:00"),
        ]
    ):
        record = {"opportunity_id": "173688", "stage": stage, "changed_at": f"{at.replace(' ', 'T')}:00+08:00"}
        land("files__stage_changes", f"c{number}", at, record)
    call = {"opportunity_id": "173688", "kind": "Nabellen offertes", "occurred_at": "2011-10-04T11:00:00+08:00"}
    land("files__interactions", "i1", "2011-10-04 11:00", call)
    build("features", "2011-10-06", feature_from="2011-10-01", feature_to="2011-10-06")


def test_stages_of_a_log_become_a_path_in_which_repeated_values_of_one_stage_are_one_stay(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select as_of_date::text, stage_code, stage_set_rate, days_in_stage, stage_moves_count, interactions_count_14d,"
        " open_gross_amount::text from features.opportunity_features order by 1"
    )
    assert rows == [
        ("2011-10-01", "S1", 0.2, 0, 0, None, "20000.00"),
        ("2011-10-02", "S1", 0.2, 1, 0, None, "20000.00"),
        ("2011-10-03", "S3", 0.5, 0, 1, None, "20000.00"),
        ("2011-10-04", "S3", 0.5, 1, 1, 1, "20000.00"),
    ]


def test_the_closing_is_dated_by_the_log_and_kept_in_the_tenants_own_currency(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select outcome, won_gross_amount::text, closed_on::text, outcome_known_on::text, is_backfilled from features.opportunity_outcomes"
    )
    assert rows == [("won", "20000.00", "2011-10-05", "2011-10-05", True)]  # four days after it was created


def test_a_tenant_without_departments_has_the_company_alone(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select node_id, node_level, won_gross_amount::text from features.period_features where window_kind = 'current'"
    )
    assert rows == [("company", "company", "20000.00")]
