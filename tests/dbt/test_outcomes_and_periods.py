"""Outcomes, closings and the period features of a small organisation, worked by hand, on a real warehouse."""

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

OPP = "fxiaoke__opportunities"
AS_OF = "2026-05-15"  # 33 of the 65 working days of 2026Q2 have passed; 46 days are left


@pytest.fixture(scope="module")
def night(land, deal, ms, build):  # type: ignore[no-untyped-def]
    """Company D0, region D10, team D101; reps 1001 (team) and 1002 (no department); ten deals; one night of 15 May 2026."""
    for department, kind, parent in [("D0", "company", None), ("D10", "region", "D0"), ("D101", "team", "D10")]:
        record = {"name": department, "dept_kind__c": kind, "parent_id": [parent] if parent else []}
        land("fxiaoke__departments", department, "2025-01-01", record)
    land(
        "fxiaoke__people",
        "P1",
        "2025-01-01",
        {"user_id": "1001", "full_name": "王芳", "main_department": ["D101"], "status": "0"},
    )

    def closed(
        name: str, created: str, closed_on: str, outcome: str, amount: str, owner: str = "1001", **fields: str
    ) -> None:
        common = {"amount": amount, "owner": [owner], **fields}
        land(OPP, name, created, deal("eq_lead", created, **common))
        land(OPP, name, closed_on, deal(outcome, created, stg_changed_time=ms(closed_on), **common))

    closed("FIRST", "2025-01-10 09:00", "2025-03-10 09:00", "lost", "1.00")
    # this quarter: two wins to date of different owners, one of them entered after it was signed
    closed("WON-1", "2026-03-01 09:00", "2026-04-10 09:00", "won", "100.00")
    closed(
        "WON-2", "2026-05-10 09:00", "2026-05-14 09:00", "won", "50.00", owner="1002", signed_date__c=ms("2026-05-04")
    )
    # the same quarter a year ago: won early, later from a deal then open, later from a deal not yet created
    closed("EARLY", "2025-03-01 09:00", "2025-04-15 09:00", "won", "1000.00")
    closed("REST-OPEN", "2025-04-01 09:00", "2025-06-20 09:00", "won", "300.00")
    closed("REST-NEW", "2025-06-01 09:00", "2025-06-25 09:00", "won", "70.00", owner="1002")
    # a USD win at 7.10, an annulled win, and an open deal
    closed("DOLLAR", "2025-09-01 09:00", "2025-10-10 09:00", "won", "10.00", currency__c="USD")
    closed("VOID", "2026-04-01 09:00", "2026-04-20 09:00", "won", "999.00", life_status="invalid")
    land(OPP, "OPEN", "2026-05-01 09:00", deal("eq_need", "2026-05-01 09:00", amount="500.00"))
    with connect("loader") as connection:
        connection.execute(
            "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason)"
            """ values ('target', 'D0|2026Q2', '{"gross_amount": "900.00"}', '2026-01-01', '-infinity', 'test', 'plan')"""
        )
    build("features", AS_OF)


def test_outcomes_tell_when_a_deal_closed_and_which_wins_were_entered_after_the_fact(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select opportunity_id, outcome, won_gross_amount::text, is_backfilled, closed_on::text, outcome_known_on::text"
        " from features.opportunity_outcomes where opportunity_id in ('WON-1', 'WON-2', 'DOLLAR', 'FIRST', 'OPEN') order by 1"
    )
    assert rows == [
        ("DOLLAR", "won", "71.00", False, "2025-10-10", "2025-10-10"),
        ("FIRST", "lost", None, False, "2025-03-10", "2025-03-10"),
        ("OPEN", "open", None, False, None, None),
        ("WON-1", "won", "100.00", False, "2026-04-10", "2026-04-10"),
        ("WON-2", "won", "50.00", True, "2026-05-14", "2026-05-14"),
    ]


def test_an_annulled_deal_has_no_outcome(night, query):  # type: ignore[no-untyped-def]
    assert query("select * from features.opportunity_outcomes where opportunity_id = 'VOID'") == []


def test_the_current_window_holds_wins_to_date_and_the_target_at_every_node(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select node_id, parent_node_id, node_level, won_gross_amount::text, target_gross_amount::text, remaining_days, new_gross_amount"
        " from features.period_features where window_kind = 'current' order by 1"
    )
    assert rows == [
        ("1001", "D101", "rep", "100.00", None, 46, None),
        ("1002", "D0", "rep", "50.00", None, 46, None),
        ("D0", None, "company", "150.00", "900.00", 46, None),
        ("D10", "D0", "region", "100.00", None, 46, None),
        ("D101", "D10", "team", "100.00", None, 46, None),
    ]


def test_an_earlier_quarter_is_cut_at_the_same_share_of_its_working_days(night, query):  # type: ignore[no-untyped-def]
    # 33 of 65 working days are 0.5077; of the 65 working days of 2025Q2 (1 April to 30 June) the 33rd is 15 May 2025.
    rows = query(
        "select node_id, window_cut_on::text, won_gross_amount::text, open_won_gross_amount::text, new_gross_amount::text"
        " from features.period_features where window_id = 'period:2025Q2' and node_id in ('D0', '1001', '1002') order by 1"
    )
    assert rows == [
        ("1001", "2025-05-15", "1000.00", "300.00", "0.00"),
        ("1002", "2025-05-15", "0.00", "0.00", "70.00"),
        ("D0", "2025-05-15", "1000.00", "300.00", "70.00"),
    ]


def test_rolling_windows_are_as_long_as_what_is_left_and_end_on_the_day_or_before(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select window_cut_on::text, window_ends_on::text, open_won_gross_amount::text, new_gross_amount::text"
        " from features.period_features where window_kind = 'rolling' and node_id = 'D0' order by window_ends_on desc limit 2"
    )
    assert rows == [("2026-03-30", "2026-05-15", "100.00", "50.00"), ("2026-02-12", "2026-03-30", "0.00", "0.00")]


def test_no_window_begins_before_the_first_deal_that_we_know_of(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select min(window_cut_on)::text, count(*) > 5 from features.period_features where window_kind <> 'current'"
    )
    assert rows[0][0] >= "2025-01-10"
    assert rows[0][1]


def test_an_open_deal_counts_for_its_owner_team_region_and_company(night, query):  # type: ignore[no-untyped-def]
    rows = query("select node_id from features.opportunity_nodes where opportunity_id = 'OPEN' order by 1")
    assert rows == [("1001",), ("D0",), ("D10",), ("D101",)]
