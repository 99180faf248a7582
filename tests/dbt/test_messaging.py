"""Follow-ups of DingTalk and archived messages of WeCom reach the right deal, as known the night that brought them."""

from typing import Any

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

OPP, ACCOUNT = "fxiaoke__opportunities", "fxiaoke__accounts"
BUILD = "20260112_cccccccccccc"
LAST = (
    "select as_of_date::text, days_since_last_interaction from features.opportunity_features where opportunity_id = %s"
)


@pytest.fixture(scope="module")
def world(land, deal, ms):  # type: ignore[no-untyped-def]
    """Four customers under the CRM's names and DingTalk's, their deals, and who wrote what about them when."""
    born = "2026-01-02 09:00"
    names = {
        "A1": "苏州华瑞精密机械有限公司",
        "A2": "无锡东联包装集团有限公司",
        "A3": "无锡东联包装科技有限公司",
        "A4": "上海泰德电子有限公司",
    }
    for key, name in names.items():
        land(ACCOUNT, key, born, {"name": name})
    for key, account in {"D1": "A1", "OLD": "A1", "D2": "A2", "D3": "A3", "D4a": "A4", "D4b": "A4"}.items():
        land(OPP, key, born, deal("eq_need", born, account_id=account, owner=["1007"] if key == "D1" else ["1001"]))
    land(OPP, "OLD", "2026-01-03 15:00", deal("lost", born, account_id="A1", stg_changed_time=ms("2026-01-03 15:00")))
    spelled = {
        "C1": "苏州华瑞精密机械公司",
        "C2": "无锡东联包装",
        "C3": " 无锡东联包装集团（有限公司） ",
        "C4": "上海泰德电子有限公司",
        "C5": "没有这家",
    }
    for key, name in spelled.items():
        land("dingtalk__customers", key, born, {"customer_name": name, "creatorUserId": "dt1"})

    def follow_up(key: str, customer: str, at: str, known: str | None = None) -> None:
        record = {"followTargetDataId": customer, "creatorUserId": "dt1", "gmtCreateMilliseconds": ms(at)}
        land("dingtalk__follow_ups", key, at, record, known=known)

    follow_up("F1", "C1", "2026-01-05 10:00", known="2026-01-06")
    for number in range(2, 6):
        follow_up(f"F{number}", f"C{number}", "2026-01-05 11:00")
    follow_up("F6", "C1", "2026-01-03 10:00", known="2026-01-10")  # OLD was open still: two deals, neither is told
    # Later the customer gets another name and another deal: neither moves what was told.
    land(ACCOUNT, "A1", "2026-01-08 09:00", {"name": "苏州新名机械有限公司"})
    land(OPP, "NEW", "2026-01-09 09:00", deal("eq_need", "2026-01-09 09:00", account_id="A1"))
    who = {"token": "p_1", "mask": "****"}
    land("wecom__contacts", "p_1", "2026-01-04 00:00", {"external_userid": who, "type": 1})
    land(
        "wecom__follow_relations",
        "wc1|p_1",
        "2026-01-04 00:00",
        {"external_userid": who, "remark_corp_name": "上海泰德电子（有限公司）"},
    )
    land(OPP, "D4b", "2026-01-06 10:00", {"is_deleted": True})
    message = {"userid": "wc1", "external_userid": who, "direction": "in", "msgtime": ms("2026-01-07 08:00")}
    land("wecom__archive_messages", "M1", "2026-01-07 08:00", message)
    related = [{"id": "D1", "describe_api_name": "NewOpportunityObj"}, {"id": "A1", "describe_api_name": "AccountObj"}]
    activity = {
        "active_record_type": "1",
        "direction__c": "out",
        "create_time": ms("2026-01-04 10:00"),
        "owner": ["1007"],
    }
    land("fxiaoke__activity_records", "T1", "2026-01-04 10:00", activity | {"related_object_data": related})
    land("fxiaoke__activity_records", "T2", "2026-01-04 10:00", activity | {"related_object_data": related[1:]})
    land(OPP, "D9", born, deal("eq_need", born, account_id="A9", owner=["1009"]))
    land("fxiaoke__activity_records", "T9", "2025-11-01 10:00", {
        "active_record_type": "2", "create_time": ms("2025-11-01 10:00"), "owner": ["1009"],
        "related_object_data": [{"id": "A9", "describe_api_name": "AccountObj"}],
    })  # fmt: skip


@pytest.fixture(scope="module")
def nights(world, build, query):  # type: ignore[no-untyped-def]
    """One night, then a backfill over ten days that covers it, then the marts of the last one."""
    build("features", "2026-01-06")
    first = query("select * from features.opportunity_features order by 1, 2, 3")
    build("features", "2026-01-12", feature_from="2026-01-03", feature_to="2026-01-12")
    with connect("transformer") as connection:
        connection.execute(
            "insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state)"
            " values (%s, '2026-01-12', 'x', 'x', 'win-1', 1, 'building')",
            (BUILD,),
        )
    build("marts", "2026-01-12", build_id=BUILD, build_schema=f"build_{BUILD}")
    return first, query("select * from features.opportunity_features order by 1, 2, 3")


def matched(query: Any) -> dict[str, tuple[Any, ...]]:
    rows = query(
        "select interaction_id, account_id, opportunity_id, evidence, open_deals_count from intermediate.int_messages_matched"
    )
    return {row[0]: row[1:] for row in rows}


def test_a_backfill_gives_the_rows_that_the_night_gave(nights):  # type: ignore[no-untyped-def]
    first, second = nights
    assert [row[0] for row in first] == ["D1", "D2", "D3", "D4a", "D9"]
    assert set(first) < set(second)
    assert {row[2] for row in second} == {1}


def test_a_follow_up_reaches_the_one_open_deal_of_its_customer_by_name(nights, query):  # type: ignore[no-untyped-def]
    found = matched(query)
    assert found["F1"] == ("A1", "D1", "short_name", 1)  # the deal that was lost two days before is no candidate
    assert found["F3"] == ("A2", "D2", "name", 1)
    assert found["F4"] == ("A4", None, "name", 2)  # two deals are open: told of the customer alone
    assert found["F5"] == (None, None, "none", 0)


def test_a_short_name_of_two_customers_is_nobodys(nights, query):  # type: ignore[no-untyped-def]
    assert matched(query)["F2"] == (None, None, "none", 0)


def test_what_is_learned_later_moves_nothing(nights, query):  # type: ignore[no-untyped-def]
    found = matched(query)
    assert found["F1"][:2] == (
        "A1",
        "D1",
    )  # though A1 is called otherwise since the 8th, and has a second deal since the 9th
    assert found["F6"][:3] == (None, None, "none")  # known when A1 was called otherwise


def test_a_follow_up_moves_the_last_interaction_from_the_night_that_brought_it(nights, query):  # type: ignore[no-untyped-def]
    days = dict(query(LAST, "D1"))
    assert [days[f"2026-01-{day:02}"] for day in range(3, 9)] == [
        None,
        0,
        1,
        1,
        2,
        3,
    ]  # a call on the 4th; the note of the 5th came on the 6th


def test_an_archived_message_counts_as_inbound_and_a_members_totals_do_not_count(nights, query):  # type: ignore[no-untyped-def]
    assert matched(query)["M1"] == ("A4", "D4a", "name", 1)
    rows = query(
        "select as_of_date::text, inbound_count_90d, interactions_count_14d from features.opportunity_features"
        " where opportunity_id = 'D4a' and as_of_date in ('2026-01-06', '2026-01-07') order by 1"
    )
    assert rows == [("2026-01-06", None, None), ("2026-01-07", 1, 1)]


def test_every_contact_of_any_system_is_one_row_that_says_by_what_it_was_told(nights, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select interaction_id, system, account_id, opportunity_id, owner_id, channel, direction, evidence"
        f" from build_{BUILD}.fct_interaction order by 1"
    )
    assert {row[0]: row[1:] for row in rows} == {
        "T1": ("fxiaoke", "A1", "D1", "1007", "call", "out", "record"),
        "T2": ("fxiaoke", "A1", None, "1007", "call", "out", "record"),
        "F1": ("dingtalk", "A1", "D1", "1007", "other", None, "short_name"),
        "F2": ("dingtalk", None, None, None, "other", None, "none"),
        "F3": ("dingtalk", "A2", "D2", "1001", "other", None, "name"),
        "F4": ("dingtalk", "A4", None, None, "other", None, "name"),
        "F5": ("dingtalk", None, None, None, "other", None, "none"),
        "F6": ("dingtalk", None, None, None, "other", None, "none"),
        "T9": ("fxiaoke", "A9", None, "1009", "visit", None, "record"),
        "M1": ("wecom", "A4", "D4a", "1001", "message", "in", "name"),
    }


def test_a_deal_says_which_channels_are_measurable_for_its_owner(nights, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select opportunity_id, main_channel, measurable_channels, owner_contacts_count_30d, is_main_channel_measurable"
        f" from build_{BUILD}.mart_opportunity_channels where opportunity_id in ('D1', 'D3', 'D9') order by 1"
    )
    assert rows == [
        ("D1", "call", "call, other", 3, True),
        ("D3", "message", "message, other", 2, True),  # contacts of its owner on other deals
        ("D9", "visit", None, 0, False),  # the owner's last recorded contact is two months old: silence says nothing
    ]
