"""What readers are shown and what the CRM is owed, over two published builds worked by hand, on a real warehouse."""

import json

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

OPP = "fxiaoke__opportunities"
FIRST, SECOND = "20260511_aaaaaaaaaaaa", "20260512_bbbbbbbbbbbb"
REASONS = [{"theme": "pace", "contribution": 0.4, "zh": f"理由{n}", "en": f"reason {n}"} for n in range(1, 5)]


def publish_scores(
    build_id: str, as_of: str, chances: dict[str, float], forecast: tuple[str, str, str], *, publish: bool
) -> None:
    """Write scores (P by period end; ever is 0.1 more) and the company's forecast (won, from_open, from_new) as ml does."""
    won, from_open, from_new = forecast
    with connect("ml") as connection:
        connection.execute(
            "insert into scores.models (model_version, model_name, as_of, tier, digest, metrics, is_promoted, reason)"
            " values ('win-1', 'win', '2026-05-11', 'small_model', 'x', '{}', true, 'test') on conflict do nothing"
        )
        for deal_id, p in chances.items():
            connection.execute(
                "insert into scores.opportunity_scores (build_id, opportunity_id, as_of, p_win_ever, p_win_by_period_end, p_win_by_horizon,"
                " expected_close_week, tier, model_version, base_log_odds, contributions, reasons, features_digest)"
                " values (%s, %s, %s, %s, %s, '{}', '2026-06-01', 'small_model', 'win-1', 0, '{}', %s, 'x')",
                (build_id, deal_id, as_of, p + 0.1, p, json.dumps(REASONS)),
            )
        connection.execute(
            "insert into scores.period_forecasts (build_id, node_id, period_id, measure, won, from_open, from_new, mean, reason_no_range)"
            " values (%s, 'company', '2026Q2', 'signed_gross_amount', %s, %s, %s, %s::numeric + %s::numeric + %s::numeric, 'few windows')",
            (build_id, won, from_open, from_new, won, from_open, from_new),
        )
    with connect("transformer") as connection:
        connection.execute(
            "insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state)"
            " values (%s, %s, 'x', 'x', 'win-1', 1, 'building')",
            (build_id, as_of),
        )
        if publish:
            connection.execute(
                "insert into ops.publications (build_id, as_of, kind, manifest) values (%s, %s, 'publish', '{}')",
                (build_id, as_of),
            )


def submit(as_of: str, amount: str, deal_id: str | None = None, baseline: str = "2100.00") -> None:
    """A number for the company, or for one of its deals, said beside the first build."""
    with connect("submitter") as connection:
        connection.execute(
            "insert into ops.submissions (period_id, node_id, opportunity_id, as_of, said_by, door, build_id, baseline, gross_amount,"
            " reason, is_late) values ('2026Q2', 'company', %s, %s, 'li', 'page', %s, %s, %s, 'seen the customer', false)",
            (deal_id, as_of, FIRST, baseline, amount),
        )


@pytest.fixture(scope="module")
def second_night(land, deal, build, query):  # type: ignore[no-untyped-def]
    """Two nights. On the first, A to F are open; on the second A is won, B is lost, C's chance and D's amount moved, G is new."""
    for deal_id in "ABCDEF":
        land(OPP, deal_id, "2026-05-01 09:00", deal("eq_need", "2026-05-01 09:00", amount="1000.00"))
    build("features", "2026-05-11")
    first = {"A": 0.5, "B": 0.2, "C": 0.3, "D": 0.4, "E": 0.1, "F": 0.1}
    publish_scores(FIRST, "2026-05-11", first, ("0.00", "1600.00", "500.00"), publish=True)
    build("marts", "2026-05-11", build_id=FIRST, build_schema=f"build_{FIRST}")
    build("sync", "2026-05-11", build_id=FIRST, build_schema=f"build_{FIRST}")
    owed_first = query("select opportunity_id, action from sync.sync_crm__opportunity_scores order by 1")
    with connect("writeback") as connection:  # F's message was refused, all others were acknowledged
        connection.execute(
            "insert into ops.writeback_receipts (build_id, system, entity, record_id, payload, payload_hash, state)"
            " select build_id, system, 'opportunity', opportunity_id, payload, payload_hash,"
            " case opportunity_id when 'F' then 'rejected' else 'acked' end from sync.sync_crm__opportunity_scores"
        )
    land(OPP, "A", "2026-05-12 09:00", deal("won", "2026-05-01 09:00", amount="1100.00"))
    land(OPP, "B", "2026-05-12 09:00", deal("lost", "2026-05-01 09:00", amount="1000.00"))
    land(OPP, "D", "2026-05-12 09:00", deal("eq_need", "2026-05-01 09:00", amount="2000.00"))
    land(OPP, "G", "2026-05-12 09:00", deal("eq_need", "2026-05-12 09:00", amount="300.00"))
    for day, amount in (("08", "1900.00"), ("11", "2500.00"), ("12", "2600.00"), ("13", "9000.00")):
        submit(f"2026-05-{day}", amount)
    submit("2026-05-12", "0.00", deal_id="C", baseline="300.00")
    build("features", "2026-05-12")
    second = {"C": 0.5, "D": 0.4, "E": 0.119, "F": 0.1, "G": 0.2}
    publish_scores(SECOND, "2026-05-12", second, ("1100.00", "1579.00", "450.00"), publish=False)
    build("marts", "2026-05-12", build_id=SECOND, build_schema=f"build_{SECOND}")
    build("sync", "2026-05-12", build_id=SECOND, build_schema=f"build_{SECOND}")
    return owed_first


def test_the_first_build_owes_every_open_deal(second_night):  # type: ignore[no-untyped-def]
    assert second_night == [(deal_id, "send") for deal_id in "ABCDEF"]


def test_a_later_build_owes_what_changed_what_was_refused_and_what_closed(second_night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select opportunity_id, action, payload ->> 'p_win_by_period_end', payload ->> 'band'"
        " from sync.sync_crm__opportunity_scores order by 1"
    )
    assert rows == [
        ("A", "withdraw", None, None),
        ("B", "withdraw", None, None),
        ("C", "send", "0.5000", "B"),
        # D is as likely as before and E moved by 0.019: neither is owed
        ("F", "send", "0.1000", "D"),
        ("G", "send", "0.2000", "C"),
    ]


def test_the_payload_says_three_reasons_in_the_users_language_and_no_wall_clock(second_night, query):  # type: ignore[no-untyped-def]
    ((payload,),) = query("select payload from sync.sync_crm__opportunity_scores where opportunity_id = 'C'")
    assert payload == {
        "p_win_by_period_end": 0.5, "p_win_ever": 0.6, "expected_close_week": "2026-06-01", "band": "B", "reasons": "理由1；理由2；理由3",
        "scored_at": "2026-05-12T16:00:00+00:00", "model_version": "win-1", "tier": "small_model", "period_id": "2026Q2", "link": None,
        "reason_keys": "zh:pace+,pace+,pace+",
    }  # fmt: skip


def test_acknowledging_a_build_does_not_change_what_it_owes(second_night, query, build):  # type: ignore[no-untyped-def]
    before = query("select * from sync.sync_crm__opportunity_scores order by opportunity_id")
    with connect("transformer") as connection:
        connection.execute(
            "insert into ops.publications (build_id, as_of, kind, manifest) values (%s, '2026-05-12', 'publish', '{}')",
            (SECOND,),
        )
    with connect("writeback") as connection:
        connection.execute(
            "insert into ops.writeback_receipts (build_id, system, entity, record_id, payload, payload_hash, state)"
            " select build_id, system, 'opportunity', opportunity_id, payload, payload_hash, 'acked' from sync.sync_crm__opportunity_scores"
        )
    build("sync", "2026-05-12", build_id=SECOND, build_schema=f"build_{SECOND}")
    assert query("select * from sync.sync_crm__opportunity_scores order by opportunity_id") == before


def test_the_movement_of_the_forecast_is_explained_to_the_cent(second_night, query):  # type: ignore[no-untyped-def]
    rows = query(
        f"select component, amount::text, mean_change::text from build_{SECOND}.mart_forecast_movement order by component_order"
    )
    assert rows == [
        ("newly_won", "600.00", "1029.00"),  # A: 1,100 won of which 500 was expected
        ("lost_or_withdrawn", "-200.00", "1029.00"),  # B
        ("new_deals", "60.00", "1029.00"),  # G: 0.2 of 300
        ("probability_moved", "219.00", "1029.00"),  # C: 0.2 of 1,000; E: 0.019 of 1,000
        ("amount_moved", "400.00", "1029.00"),  # D: 0.4 of 1,000 more
        ("new_business_reestimated", "-50.00", "1029.00"),
        ("rounding", "0.00", "1029.00"),
    ]


def test_without_an_earlier_build_no_movement_is_claimed(second_night, query):  # type: ignore[no-untyped-def]
    rows = query(f"select distinct amount, mean_change from build_{FIRST}.mart_forecast_movement")
    assert rows == [(None, None)]


def test_the_page_shows_the_change_since_the_build_before(second_night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select opportunity_id, build_id, previous_p_win_by_period_end, round(p_win_by_period_end_change::numeric, 3)::text,"
        f" expected_gross_amount::text, stage_name_zh, band from build_{SECOND}.mart_open_opportunities"
        " where opportunity_id in ('C', 'G') order by 1"
    )
    assert rows == [
        ("C", SECOND, 0.3, "0.200", "500.00", "需求确认", "B"),
        ("G", SECOND, None, None, "60.00", "需求确认", "C"),
    ]


def test_the_build_names_its_predecessor_model_and_counts(second_night, query):  # type: ignore[no-untyped-def]
    rows = query(
        f"select build_id, previous_build_id, model_version, tier, open_count, scored_count, as_of::text from build_{SECOND}.mart_build"
    )
    assert rows == [(SECOND, FIRST, "win-1", "small_model", 5, 5, "2026-05-12")]


def test_a_persons_number_stands_beside_the_baseline_and_leaves_it_as_it_is(second_night, query):  # type: ignore[no-untyped-def]
    """The newest word of the week counts, tomorrow's is not known, a number nobody gave is missing and not zero."""
    columns = "baseline_gross_amount::text, submitted_gross_amount::text, adjustment_gross_amount::text"
    columns += ", last_week_gross_amount::text, is_missing"
    first, second = (query(f"select {columns} from build_{name}.mart_forecast_submission") for name in (FIRST, SECOND))
    assert first == [("2100.00", None, None, None, True)]
    assert second == [("3129.00", "2600.00", "500.00", "1900.00", False)]
    override = "select opportunity_id, baseline_gross_amount::text, submitted_gross_amount::text, reason"
    assert query(f"{override} from build_{SECOND}.mart_opportunity_override") == [
        ("C", "500.00", "0.00", "seen the customer")
    ]
    assert query(
        f"select p_win_by_period_end from build_{SECOND}.mart_open_opportunities where opportunity_id = 'C'"
    ) == [(0.5,)]


@pytest.fixture(scope="module")
def a_week_later(second_night, build, query):  # type: ignore[no-untyped-def]
    """change(day, chances): deal → the change of its chance over seven days, as the marts of a build of that day say it."""

    def change(day: str, chances: dict[str, float]) -> dict[str, str | None]:
        made = f"{day.replace('-', '')}_cccccccccccc"
        build("features", day)
        publish_scores(made, day, chances, ("1100.00", "2050.00", "0.00"), publish=False)
        build("marts", day, build_id=made, build_schema=f"build_{made}")
        rows = query(
            "select opportunity_id, round(p_win_by_period_end_change_7d::numeric, 3)::text"
            f" from build_{made}.mart_open_opportunities where opportunity_id in ('C', 'G') order by 1"
        )
        return dict(rows)

    return change


def test_the_change_over_seven_days_is_to_what_was_published_a_week_ago(a_week_later):  # type: ignore[no-untyped-def]
    """On 18 May that is the first build, of 11 May, and not the nearer one of the day after; G was not there then."""
    assert a_week_later("2026-05-18", {"C": 0.9, "D": 0.4, "E": 0.1, "F": 0.1, "G": 0.5}) == {"C": "0.600", "G": None}


def test_no_change_over_seven_days_is_told_of_another_stretch_of_time(a_week_later):  # type: ignore[no-untyped-def]
    """Ten days after the last publication: what has changed since is no change over seven days."""
    assert a_week_later("2026-05-22", {"C": 0.9, "D": 0.4, "E": 0.1, "F": 0.1, "G": 0.5}) == {"C": None, "G": None}
