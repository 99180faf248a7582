"""Who is alerted to what, over two nights worked by hand: nothing twice, nothing that is over, at most so much a day."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

BEFORE, FIRST, SECOND = "20260510_aaaaaaaaaaaa", "20260512_bbbbbbbbbbbb", "20260513_cccccccccccc"
DAY, NEXT = date(2026, 5, 12), date(2026, 5, 13)
ALERTS = "+sync_notify__alerts +sync_notify__messages"
CHANGES = "select alert_key, action from sync.sync_notify__alerts order by 1"
MESSAGES = (
    "select recipient_id, rule, subject_id, is_summed from sync.sync_notify__messages order by recipient_id, place"
)


def open_build(build_id: str, as_of: date, chances: dict[str, float], stale: object = ()) -> None:
    with connect("transformer") as connection:
        connection.execute(
            "insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state, stale_inputs)"
            " values (%s, %s, 'x', 'x', 'win-1', 1, 'building', %s)",
            (build_id, as_of, json.dumps(stale)),
        )
    with connect("ml") as connection:
        for deal_id, p in chances.items():
            connection.execute(
                "insert into scores.opportunity_scores (build_id, opportunity_id, as_of, p_win_ever, p_win_by_period_end, p_win_by_horizon,"
                " expected_close_week, tier, model_version, base_log_odds, contributions, reasons, features_digest)"
                " values (%s, %s, %s, %s, %s, '{}', '2026-06-01', 'small_model', 'win-1', 0, '{}', '[]', 'x')",
                (build_id, deal_id, as_of, p, p),
            )
        for node, mean in [("D0", 1650), ("D10", 700), ("D11", 950)]:
            connection.execute(
                "insert into scores.period_forecasts (build_id, node_id, period_id, measure, won, from_open, from_new, mean,"
                " reason_no_range) values (%s, %s, '2026Q2', 'signed_gross_amount', %s, 0, 0, %s, 'few windows')",
                (build_id, node, mean, mean),
            )


def publish(build_id: str, as_of: date) -> None:
    with connect("transformer") as connection:
        connection.execute(
            "insert into ops.publications (build_id, as_of, kind, manifest) values (%s, %s, 'publish', '{}')",
            (build_id, as_of),
        )


def decide(build_id: str | None, as_of: date, verdict: str) -> None:
    """A verdict of the marts gate, stamped long before this year."""
    with connect("checker") as connection:
        connection.execute(
            "insert into ops.gate_verdicts (as_of, border, build_id, verdict, reason, decided_at)"
            " values (%s, 'marts', %s, %s, 'x', '2020-01-01')",
            (as_of, build_id, verdict),
        )


def tell(build_id: str) -> None:
    """Send everything of the build, as notify records it."""
    with connect("writeback") as connection:
        connection.execute(
            "insert into ops.alerts (alert_key, opened_build_id, rule, subject_id, owner_id, manager_id, sentence_zh, sentence_en, as_of)"
            " select alert_key, build_id, rule, subject_id, owner_id, manager_id, sentence_zh, sentence_en, as_of"
            " from sync.sync_notify__alerts where action = 'open'"
        )
        connection.execute(
            "insert into ops.alert_deliveries (build_id, alert_key, channel, recipient_id, state)"
            " select build_id, alert_key, 'mail', recipient_id, case when is_summed then 'summed' else 'sent' end"
            " from sync.sync_notify__messages"
        )


@pytest.fixture(scope="module")
def nights(land, deal, build, query, ms):  # type: ignore[no-untyped-def]
    """Five deals silent for 13, 14 and 15 days at negotiation, 20 at quote, 20 but called yesterday; a jump, a drift; two regions."""
    for node, kind, parent, manager in [
        ("D0", "company", None, "1000"), ("D10", "region", "D0", "1002"), ("D11", "region", "D0", "1003"), ("D101", "team", "D10", "1005")
    ]:  # fmt: skip
        record = {"name": node, "dept_kind__c": kind, "parent_id": [parent] if parent else [], "manager_id": [manager]}
        land("fxiaoke__departments", node, "2025-01-01", record)
    for user, name in [("1001", "王芳"), ("1005", "赵磊")]:
        person = {"user_id": user, "full_name": name, "main_department": ["D101"], "status": "0"}
        land("fxiaoke__people", f"P{user}", "2025-01-01", person)

    def met(deal_id: str, day: date) -> None:
        record = {"active_record_type": "1", "create_time": ms(f"{day} 10:00")}
        record["related_object_data"] = [{"id": deal_id, "describe_api_name": "NewOpportunityObj"}]
        land("fxiaoke__activity_records", f"{deal_id} {day}", f"{day} 10:00", record)

    silent = {"N13": ("eq_nego", 13), "N14": ("eq_nego", 14), "N15": ("eq_nego", 15), "Q20": ("eq_quote", 20)}
    for deal_id, (stage, days) in {
        **silent,
        "Y20": ("eq_nego", 20),
        "JUMP": ("eq_need", 1),
        "DRIFT": ("eq_need", 1),
    }.items():
        fields = (
            {"name": f"deal {deal_id}", "amount": "600000.00"} if deal_id in ("JUMP", "DRIFT") else {"name": "{days}"}
        )
        land("fxiaoke__opportunities", deal_id, "2026-04-01 09:00", deal(stage, "2026-04-01 09:00", **fields))
        met(deal_id, DAY - timedelta(days=days))
    met("Y20", DAY - timedelta(days=1))
    mute = deal(
        "eq_nego", "2026-04-01 09:00", name="{days}", owner=["1009"]
    )  # an owner whose contacts are recorded nowhere
    land("fxiaoke__opportunities", "MUTE", "2026-04-01 09:00", mute)
    with connect("loader") as connection:
        for kind, key, value in [
            ("target", "D10|2026Q2", {"gross_amount": "1000"}), ("target", "D11|2026Q2", {"gross_amount": "1000"}),
            ("alert_rule", "most_per_day", {"is_enabled": "true", "threshold": "2"}),
        ]:  # fmt: skip
            connection.execute(
                "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason)"
                " values (%s, %s, %s, '2026-01-01', '2026-01-01', 'lin', 'test')", (kind, key, json.dumps(value)),
            )  # fmt: skip
    with connect("ml") as connection:
        connection.execute(
            "insert into scores.models (model_version, model_name, as_of, tier, digest, metrics, is_promoted, reason)"
            " values ('win-1', 'win', '2026-05-10', 'small_model', 'x', '{}', true, 'test')"
        )
    open_build(BEFORE, date(2026, 5, 10), {"JUMP": 0.3, "DRIFT": 0.5})
    publish(BEFORE, date(2026, 5, 10))
    with connect(
        "checker"
    ) as connection:  # the night of the 11th was stopped, after an attempt that failed another check
        for expectation, state in [("number of rows", "failed"), ("stage", "failed"), ("number of rows", "passed")]:
            connection.execute(
                "insert into ops.check_results (as_of, border, suite, expectation, table_name, level, state)"
                " values ('2026-05-11', 'marts', 'marts.deals', %s, 'build_x.mart', 'critical', %s)", (expectation, state),
            )  # fmt: skip
        connection.execute(
            "insert into ops.gate_verdicts (as_of, border, verdict, reason) values ('2026-05-11', 'marts', 'blocked', 'x')"
        )
    with connect("writeback") as connection:
        connection.execute(
            "insert into ops.dead_letters (system, entity, record_id, build_id, nights_count, error_code)"
            " values ('fxiaoke', 'opportunity', 'Q20', %s, 3, '32000')", (BEFORE,),
        )  # fmt: skip
    stale = [{"system": "kingdee", "stream": "orders", "read_until": "2026-05-10T16:00:00+00:00"}]
    open_build(FIRST, DAY, {"JUMP": 0.55, "DRIFT": 0.6}, stale)
    found: dict[str, Any] = {}
    build(ALERTS, str(DAY), build_id=FIRST, build_schema=f"build_{FIRST}", public_url="http://x")
    decide(FIRST, DAY, "passed")
    publish(FIRST, DAY)
    found["first"] = (query(CHANGES), query(MESSAGES))
    found["sentences"] = dict(query(f"select alert_key, sentence_zh from build_{FIRST}.mart_alerts"))
    found["english"] = dict(query(f"select alert_key, sentence_en from build_{FIRST}.mart_alerts"))
    tell(FIRST)
    decide(
        None, date(2026, 5, 11), "passed"
    )  # the stopped night is mended afterwards, by a machine whose clock is slow
    build(
        "mart_alerts sync_notify__alerts sync_notify__messages",
        str(DAY),
        build_id=FIRST,
        build_schema=f"build_{FIRST}",
        public_url="http://x",
    )
    found["again"] = (query(CHANGES), query(MESSAGES))

    met("N15", NEXT)
    open_build(SECOND, NEXT, {"JUMP": 0.55, "DRIFT": 0.6})
    build(ALERTS, str(NEXT), build_id=SECOND, build_schema=f"build_{SECOND}")
    found["second"] = (query(CHANGES), query(MESSAGES))
    return found


def test_exactly_the_deals_that_are_silent_for_two_weeks_while_negotiating_alert_their_manager(nights):  # type: ignore[no-untyped-def]
    silence = [row for row in nights["first"][1] if row[1] == "silence"]
    assert [row[:3] for row in silence if row[0] != "group"] == [("1005", "silence", "N14"), ("1005", "silence", "N15")]


def test_a_jump_a_region_behind_a_stale_system_a_stopped_night_and_a_dead_letter_come_up_and_nothing_else(nights):  # type: ignore[no-untyped-def]
    assert nights["first"][0] == [
        ("dead_letter|Q20", "open"),
        ("gate_blocked|marts marts.deals stage", "open"),
        ("probability_jump|JUMP", "open"),
        ("region_gap|D10 2026Q2", "open"),
        ("silence|N14", "open"),
        ("silence|N15", "open"),
        ("stale_input|kingdee", "open"),
    ]


def test_each_is_told_to_whom_it_concerns_and_beyond_two_a_day_the_rest_is_summed_up(nights):  # type: ignore[no-untyped-def]
    told = [(*row[:2], row[3]) for row in nights["first"][1]]
    assert [row for row in told if row[0] != "group"] == [
        ("1001", "probability_jump", False),
        ("1001", "dead_letter", False),
        ("1002", "region_gap", False),
        ("1005", "probability_jump", False),
        ("1005", "silence", False),
        ("1005", "silence", True),
        ("operators", "gate_blocked", False),
        ("operators", "stale_input", False),
    ]
    assert [row[2] for row in told if row[0] == "group"] == [False] * 2 + [True] * 5


def test_the_sentences_say_the_figures_and_keep_a_deals_name_as_it_is(nights):  # type: ignore[no-untyped-def]
    assert nights["sentences"]["silence|N14"] == "「{days}」（–，10.0 万，负责人 王芳）处于谈判签约，已 14 天没有互动"
    assert nights["english"]["probability_jump|JUMP"] == (
        '"deal JUMP" (–, 60.0 ten thousand, owner 王芳): chance to win in the period went from 30% to 55%'
    )
    assert nights["sentences"]["region_gap|D10 2026Q2"] == "D10 按当前进度只能完成目标的 70%：预计 0.1 万，目标 0.1 万"
    assert (
        nights["english"]["stale_input|kingdee"]
        == "kingdee was read until 2026-05-11 only; today's forecast lacks what changed since"
    )


def test_a_rerun_of_the_same_day_owes_the_same_rows(nights):  # type: ignore[no-untyped-def]
    assert nights["again"] == nights["first"]


def test_an_interaction_clears_and_the_next_night_tells_only_what_is_new(nights):  # type: ignore[no-untyped-def]
    changes, messages = nights["second"]
    assert changes == [
        ("gate_blocked|marts marts.deals stage", "clear"),
        ("probability_jump|JUMP", "clear"),
        ("silence|N13", "open"),
        ("silence|N15", "clear"),
        ("stale_input|kingdee", "clear"),
    ]
    assert [row[:3] for row in messages] == [("1005", "silence", "N13"), ("group", "silence", "N13")]
