"""What DingTalk's customers are told: the score of the best open deal of the CRM's customer that bears their name."""

import json

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

FIRST, SECOND = "20260511_aaaaaaaaaaaa", "20260512_bbbbbbbbbbbb"
BORN = "2026-05-01 09:00"
ACCOUNTS = {
    "A1": "苏州华瑞精密机械有限公司", "A2": "无锡东联包装集团有限公司", "A3": "无锡东联包装科技有限公司", "A4": "上海泰德电子有限公司",
    "A5": "常州信合电器有限公司", "A6": "南京中远塑胶有限公司",
}  # fmt: skip
CUSTOMERS = {
    "ins-1": "苏州华瑞精密机械公司", "ins-2": "无锡东联包装", "ins-3": " 无锡东联包装集团（有限公司）", "ins-4": "上海泰德电子有限公司",
    "ins-5": "常州信合电器", "ins-6": "没有这家", "ins-7": "南京中远塑胶有限公司",
}  # fmt: skip
CHANCES = {
    "D1a": ("A1", 0.5),
    "D1b": ("A1", 0.2),
    "D2": ("A2", 0.31),
    "D3": ("A3", 0.4),
    "D5": ("A5", 0.35),
    "D6": ("A6", 0.3),
}
ACKNOWLEDGED = {  # by the build before: the deal, the chance, what became of the message
    "ins-3": ("D2", "0.3000", "acked"), "ins-4": ("D4", "0.6000", "acked"), "ins-5": ("D5", "0.3500", "rejected"),
    "ins-7": ("D9", "0.3000", "acked"),
}  # fmt: skip


def scored() -> None:
    """The day's build with a chance for each deal, after the build of the day before, which was published and answered."""
    with connect("ml") as connection:
        connection.execute(
            "insert into scores.models (model_version, model_name, as_of, tier, digest, metrics, is_promoted, reason)"
            " values ('win-1', 'win', '2026-05-11', 'small_model', 'x', '{}', true, 'test')"
        )
        for deal_id, (_, p) in CHANCES.items():
            connection.execute(
                "insert into scores.opportunity_scores (build_id, opportunity_id, as_of, p_win_ever, p_win_by_period_end, p_win_by_horizon,"
                " expected_close_week, tier, model_version, base_log_odds, contributions, reasons, features_digest)"
                " values (%s, %s, '2026-05-12', 0.9, %s, '{}', '2026-06-01', 'small_model', 'win-1', 0, '{}', '[]', 'x')",
                (SECOND, deal_id, p),
            )
    with connect("transformer") as connection:
        for build_id, day in ((FIRST, "2026-05-11"), (SECOND, "2026-05-12")):
            connection.execute(
                "insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state)"
                " values (%s, %s, 'x', 'x', 'win-1', 1, 'building')",
                (build_id, day),
            )
        connection.execute(
            "insert into ops.publications (build_id, as_of, kind, manifest) values (%s, '2026-05-11', 'publish', '{}')",
            (FIRST,),
        )
    with connect("writeback") as connection:
        for customer, (deal_id, told, state) in ACKNOWLEDGED.items():
            said: dict[str, str | None] = {
                "opportunity_id": deal_id,
                "p_win_by_period_end": told,
                "band": "C",
                "tier": "small_model",
            }
            said |= {"period_id": "2026Q2", "reason_keys": None}
            connection.execute(
                "insert into ops.writeback_receipts (build_id, system, entity, record_id, payload, payload_hash, state)"
                " values (%s, 'dingtalk', 'customer', %s, %s, 'x', %s)",
                (FIRST, customer, json.dumps(said), state),
            )
        for customer in ("ins-1", "ins-6"):
            connection.execute(
                "insert into ops.dead_letters (system, entity, record_id, build_id, nights_count, error_code)"
                " values ('dingtalk', 'customer', %s, %s, 3, 'crm.data.invalid')",
                (customer, FIRST),
            )


@pytest.fixture(scope="module")
def owed(land, deal, build, query):  # type: ignore[no-untyped-def]
    """What the day's build owes, by customer: action, deal, chance."""
    for key, name in ACCOUNTS.items():
        land("fxiaoke__accounts", key, BORN, {"name": name})
    for key, name in CUSTOMERS.items():
        land("dingtalk__customers", key, BORN, {"customer_name": name})
    for key, (account, _) in CHANCES.items():
        land("fxiaoke__opportunities", key, BORN, deal("eq_need", BORN, account_id=account))
    scored()
    models = "+sync_dingtalk__customer_scores +sync_crm__opportunity_scores +mart_alerts"
    build(models, "2026-05-12", build_id=SECOND, build_schema=f"build_{SECOND}")
    rows = query(
        "select customer_id, action, payload ->> 'opportunity_id', payload ->> 'p_win_by_period_end', payload ->> 'band',"
        " payload ->> 'reason_keys' from sync.sync_dingtalk__customer_scores"
    )
    return {row[0]: row[1:] for row in rows}


def test_a_customer_is_told_the_score_of_its_best_open_deal_and_which_that_is(owed):  # type: ignore[no-untyped-def]
    assert owed["ins-1"][:3] == ("send", "D1a", "0.5000")  # the likelier of two


def test_a_name_that_nobody_or_two_customers_of_the_crm_bear_is_told_nothing(owed):  # type: ignore[no-untyped-def]
    assert {"ins-2", "ins-6"} & set(owed) == set()


def test_owed_is_what_moved_what_was_refused_and_a_score_that_has_no_deal_any_more(owed):  # type: ignore[no-untyped-def]
    assert "ins-3" not in owed  # moved by 0.01 alone
    assert owed["ins-4"] == ("withdraw", None, None, None, None)
    assert owed["ins-5"][:3] == ("send", "D5", "0.3500")
    assert owed["ins-7"][:3] == ("send", "D6", "0.3000")  # as likely as before, but another deal


def test_what_customers_were_told_is_no_message_about_a_deal(owed, query):  # type: ignore[no-untyped-def]
    rows = query("select opportunity_id, action from sync.sync_crm__opportunity_scores order by 1")
    assert rows == [(deal_id, "send") for deal_id in CHANCES]


def test_a_customer_that_is_refused_night_after_night_is_told_to_its_best_deals_owner(owed, query):  # type: ignore[no-untyped-def]
    rows = query(f"select subject_id, owner_id from build_{SECOND}.mart_alerts where rule = 'dead_letter' order by 1")
    assert rows == [("ins-1", "1001"), ("ins-6", None)]  # nobody's: the operators hear of it
