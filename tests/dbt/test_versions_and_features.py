"""Versions, stage paths, spine and features of hand-made deals, night by night and in one backfill, on a real warehouse."""

import pytest

pytestmark = pytest.mark.slow

OPP = "fxiaoke__opportunities"
TOUCH = "fxiaoke__activity_records"


@pytest.fixture(scope="module")
def world(land, deal, ms):  # type: ignore[no-untyped-def]
    """Five deals of January 2026, their customer, owner and contacts."""
    created = "2026-01-02 09:00"
    # PATH: entered at S1, jumps to S3, falls back to S2, is won, and re-opens.
    for changed, stage, stage_time in [
        ("2026-01-02 09:00", "eq_lead", None),
        ("2026-01-05 15:00", "eq_quote", "2026-01-05 14:00"),
        ("2026-01-07 15:00", "eq_need", "2026-01-07 23:00"),  # a stage time after the change is not believed
        ("2026-01-09 15:00", "won", "2026-01-09 15:00"),
        ("2026-01-12 15:00", "eq_nego", "2026-01-12 15:00"),
    ]:
        land(OPP, "PATH", changed, deal(stage, created, stg_changed_time=ms(stage_time) if stage_time else None))
    # LATE: its record of 4 January, then at S2 for 50,000, arrives only in the night of the 8th.
    land(OPP, "LATE", "2026-01-02 10:00", deal("eq_lead", created, amount="10000.00"))
    land(OPP, "LATE", "2026-01-06 10:00", deal("eq_quote", created, amount="60000.00"))
    land(OPP, "LATE", "2026-01-04 10:00", deal("eq_need", created, amount="50000.00"), known="2026-01-08")
    # GONE is deleted on the 8th; ODD stands at a stage nobody mapped, for less than nothing; VOID is not a normal record.
    land(OPP, "GONE", "2026-01-02 11:00", deal("eq_lead", created))
    land(OPP, "GONE", "2026-01-08 11:00", {"is_deleted": True})
    land(OPP, "ODD", "2026-01-02 12:00", deal("eq_mystery", created, amount="-1.00"))
    land(OPP, "VOID", "2026-01-02 12:00", deal("eq_lead", created, life_status="invalid"))
    # USD: dollars, amount and close date move, two contacts on time and one known late.
    for changed, amount, close_date in [
        ("2026-01-02 13:00", "1000.00", "2026-03-31"),
        ("2026-01-06 13:00", "1500.00", "2026-05-10"),
    ]:
        dollars = {"amount": amount, "currency__c": "USD", "account_id": "A2"}
        land(
            OPP,
            "USD",
            changed,
            deal("eq_need", created, close_date=ms(close_date), bid_date__c=ms("2026-02-01"), **dollars),
        )
    related = [{"id": "USD", "describe_api_name": "NewOpportunityObj"}, {"id": "A1", "describe_api_name": "AccountObj"}]
    for record_id, at, kind, direction, known in [
        ("T1", "2026-01-03 10:00", "1", "out", None),
        ("T2", "2026-01-04 10:00", "5", "in", "2026-01-08"),
        ("T3", "2026-01-06 10:00", "1", "in", None),
    ]:
        record = {
            "active_record_type": kind,
            "direction__c": direction,
            "create_time": ms(at),
            "related_object_data": related,
        }
        land(TOUCH, record_id, at, record, known=known)
    # A2 was merged into A1, whose industry is known from the 5th on.
    land("fxiaoke__accounts", "A1", "2026-01-05 10:00", {"name": "华东机床", "industry": "machinery"})
    land("fxiaoke__accounts", "A2", "2026-01-06 10:00", {"name": "华东机床厂", "merged_into_id__c": "A1"})


@pytest.fixture(scope="module")
def nights(world, build, query):  # type: ignore[no-untyped-def]
    """Two nights run one by one, then a backfill over ten days that covers them, then the backfill again."""
    build("features", "2026-01-05")
    build("features", "2026-01-06")
    first = query("select * from features.opportunity_features order by 1, 2, 3")
    build("features", "2026-01-12", feature_from="2026-01-03", feature_to="2026-01-12")
    second = query("select * from features.opportunity_features order by 1, 2, 3")
    build("features", "2026-01-12", feature_from="2026-01-03", feature_to="2026-01-12")
    third = query("select * from features.opportunity_features order by 1, 2, 3")
    return first, second, third


def test_a_backfill_gives_the_rows_that_the_nights_gave_and_a_rerun_appends_nothing(nights):  # type: ignore[no-untyped-def]
    first, second, third = nights
    assert len(first) == 10, "five open deals on each of two nights"
    assert set(first) < set(second), "the nights' rows stand as they were"
    assert {row[2] for row in second} == {1}, "no day was computed differently by the backfill"
    assert third == second


def test_an_older_record_that_arrives_late_is_history_and_never_current(nights, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select original_amount, is_late, valid_from = valid_to from staging.stg_fxiaoke__opportunities"
        " where opportunity_id = 'LATE' order by changed_at"
    )
    assert [(int(amount), late, empty) for amount, late, empty in rows] == [
        (10000, False, False),
        (50000, True, True),
        (60000, False, False),
    ]
    amounts = query(
        "select as_of_date::text, open_gross_amount from features.opportunity_features"
        " where opportunity_id = 'LATE' and as_of_date in ('2026-01-05', '2026-01-06', '2026-01-08') order by 1"
    )
    assert [(day, int(amount)) for day, amount in amounts] == [
        ("2026-01-05", 10000),
        ("2026-01-06", 60000),
        ("2026-01-08", 60000),
    ]


def test_a_late_record_completes_the_stage_path_from_the_night_that_brought_it(nights, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select as_of_date::text, stage_moves_count, stage_skips_count from features.opportunity_features"
        " where opportunity_id = 'LATE' and as_of_date in ('2026-01-07', '2026-01-08') order by 1"
    )
    assert rows == [("2026-01-07", 1, 1), ("2026-01-08", 2, 0)]


def test_skips_regressions_and_a_reopening_are_counted_as_known_each_day(nights, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select as_of_date::text, stage_code, days_in_stage, stage_moves_count, stage_regressions_count, stage_skips_count"
        " from features.opportunity_features where opportunity_id = 'PATH' order by 1"
    )
    assert rows == [
        ("2026-01-03", "S1", 1, 0, 0, 0),
        ("2026-01-04", "S1", 2, 0, 0, 0),
        ("2026-01-05", "S3", 0, 1, 0, 1),
        ("2026-01-06", "S3", 1, 1, 0, 1),
        ("2026-01-07", "S2", 0, 2, 1, 1),
        ("2026-01-08", "S2", 1, 2, 1, 1),
        # won on the 9th: not open until it is re-opened on the 12th
        ("2026-01-12", "S4", 0, 4, 1, 1),
    ]


def test_deleted_and_void_deals_leave_the_spine_and_unmapped_stages_stay_without_code(nights, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select opportunity_id, max(as_of_date)::text, max(stage_code) from features.opportunity_features"
        " where opportunity_id in ('GONE', 'VOID', 'ODD') group by 1 order by 1"
    )
    assert rows == [("GONE", "2026-01-07", "S1"), ("ODD", "2026-01-12", None)]
    assert query("select * from intermediate.int_stage_values_unmapped") == [("fxiaoke", "equipment", "eq_mystery", 1)]


def test_an_open_deal_for_less_than_nothing_has_no_amount(nights, query):  # type: ignore[no-untyped-def]
    """One slip of a person passed landing as a warning and stopped the night where features are judged."""
    told = query(
        "select distinct open_gross_amount, has_amount from features.opportunity_features where opportunity_id = 'ODD'"
    )
    assert told == [(None, False)]


def test_features_of_a_deal_are_what_was_known_on_each_of_three_days(nights, query):  # type: ignore[no-untyped-def]
    rows = query(
        """
        select as_of_date::text, open_gross_amount::text, amount_change_ratio, close_date_pushes_count, close_date_push_days,
               days_to_close_date, days_to_bid, days_to_year_end, is_close_date_period_end, account_industry, account_open_count
        from features.opportunity_features where opportunity_id = 'USD' and as_of_date in ('2026-01-04', '2026-01-05', '2026-01-08')
        order by 1
        """
    )
    assert rows == [
        ("2026-01-04", "7100.00", 0.0, 0, 0, 86, 28, 361, True, None, 1),
        ("2026-01-05", "7100.00", 0.0, 0, 0, 85, 27, 360, True, None, 1),
        # merged into A1 by then: its industry, and its four open deals PATH, LATE, ODD and USD (GONE was deleted that day)
        ("2026-01-08", "10650.00", 0.5, 1, 40, 122, 24, 357, False, "machinery", 4),
    ]


def test_a_contact_counts_from_the_night_that_brought_it(nights, query):  # type: ignore[no-untyped-def]
    rows = query(
        """
        select as_of_date::text, interactions_count_14d, inbound_count_90d, meetings_count_90d, interaction_channels_count_90d,
               days_since_last_interaction
        from features.opportunity_features where opportunity_id = 'USD' and as_of_date in ('2026-01-03', '2026-01-07', '2026-01-08')
        order by 1
        """
    )
    assert rows == [("2026-01-03", 1, 0, 0, 1, 0), ("2026-01-07", 2, 1, 0, 1, 1), ("2026-01-08", 3, 2, 1, 2, 2)]


def test_a_deal_that_was_never_contacted_has_no_counts_rather_than_zero(nights, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select distinct interactions_count_90d, days_since_last_interaction from features.opportunity_features"
        " where opportunity_id = 'ODD'"
    )
    assert rows == [(None, None)]


def test_a_won_deal_counts_for_owner_and_customer_from_the_night_it_was_known(nights, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select as_of_date::text, account_won_count_730d, owner_win_rate_365d from features.opportunity_features"
        " where opportunity_id = 'LATE' and as_of_date between '2026-01-08' and '2026-01-12' order by 1"
    )
    assert rows == [
        ("2026-01-08", 0, None),
        ("2026-01-09", 1, 1.0),
        ("2026-01-10", 1, 1.0),
        ("2026-01-11", 1, 1.0),
        ("2026-01-12", 0, None),  # re-opened
    ]


def test_a_correction_appends_a_revision_and_keeps_the_old_row(nights, land, build, query, deal, ms):  # type: ignore[no-untyped-def]
    before = query("select * from features.opportunity_features order by 1, 2, 3")
    # A record of the 6th that carries the 6th's own night, as a rerun of one system brings it.
    record = deal(
        "eq_need", "2026-01-02 09:00", amount="2000.00", currency__c="USD", account_id="A2", close_date=ms("2026-05-10")
    )
    land(OPP, "USD", "2026-01-06 18:00", record)
    build("features", "2026-01-06")
    rows = query(
        "select revision, open_gross_amount::text from features.opportunity_features"
        " where opportunity_id = 'USD' and as_of_date = '2026-01-06' order by 1"
    )
    assert rows == [(1, "10650.00"), (2, "14200.00")]
    after = query("select * from features.opportunity_features order by 1, 2, 3")
    assert set(before) < set(after)
    assert len(after) == len(before) + 1
