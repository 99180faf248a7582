"""Proposals of onboarding on catalogues that are in sight: which field, how sure, in which unit, and what options mean."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.catalogue import Option, TenantField
from connectors.onboard_fields import Proposal, Sample, propose
from connectors.onboard_options import channels, meaning, stages, values
from connectors.onboard_standard import standard_of

STANDARD, TEMPLATE = standard_of("fxiaoke")
DEALS = TEMPLATE.streams["opportunities"].fields


def proposed(
    ours: str, *theirs: TenantField, rows: list[dict[str, Any]] | None = None, **chosen: str
) -> Proposal | None:
    known = {ours: STANDARD.fields("opportunities", DEALS)[ours]}
    return propose(known, DEALS, theirs, Sample(rows or []), chosen, STANDARD).get(ours)


def test_a_field_that_nobody_fills_in_loses_to_one_with_a_label_like_it() -> None:
    empty, used = TenantField("a__c", "商机金额", "currency"), TenantField("b__c", "预计成交金额（万元）", "currency")
    found = proposed("amount", empty, used, rows=[{"b__c": "120"}])
    assert found is not None
    assert (found.theirs.name, found.scale, found.doubt) == ("b__c", Decimal(10000), "")


def test_a_type_that_cannot_hold_the_field_is_never_proposed() -> None:
    assert proposed("amount", TenantField("amount", "商机金额", "text")) is None
    assert proposed("close_date", TenantField("close_date", "预计成交日期", "employee")) is None


def test_two_fields_that_resemble_ours_as_much_are_marked() -> None:
    rows = [{"a__c": "2000", "b__c": "3000"}]
    found = proposed(
        "amount", TenantField("a__c", "预计金额", "currency"), TenantField("b__c", "成交金额", "currency"), rows=rows
    )
    assert found is not None
    assert found.doubt == "b__c (成交金额) resembles it as much"


@pytest.mark.parametrize(("field", "rows", "doubt"), [
    (TenantField("a__c", "商机金额", "currency"), [{"a__c": "12"}, {"a__c": "30"}, {"a__c": "14"}],
     "half of its amounts are below 14: in which unit are they?"),
    (TenantField("a__c", "商机金额", "currency"), [{}], "none of the 1 records looked at holds it"),
    (TenantField("a__c", "商机金额", "currency"), [], "there is no record to look at"),
    (TenantField("a__c", "税前的合同金额合计", "currency"), [{"a__c": "9999"}], "only its label resembles ours"),
])  # fmt: skip
def test_what_is_doubtful_says_why(field: TenantField, rows: list[dict[str, Any]], doubt: str) -> None:
    found = proposed("amount", field, rows=rows)
    assert found is not None
    assert found.doubt == doubt


@pytest.mark.parametrize(("label", "scale"), [
    ("金额(万元)", 10000), ("预计金额 万元", 10000), ("金额（亿元）", 100000000), ("金额（百万元）", 1000000), ("金额", None),
    ("万元户金额", None),
])  # fmt: skip
def test_the_unit_is_read_from_the_label(label: str, scale: int | None) -> None:
    found = proposed("amount", TenantField("amount", label, "currency"), rows=[{"amount": "5000"}])
    assert found is not None
    assert found.scale == scale


def test_what_a_person_chose_stands() -> None:
    rows = [{"a__c": "2000", "b__c": "3000"}]
    theirs = TenantField("a__c", "预计金额", "currency"), TenantField("b__c", "随便", "currency")
    found = proposed("amount", *theirs, rows=rows, amount="b__c")
    assert found is not None
    assert found.theirs.name == "b__c"


def option(value: str, label: str, **children: list[str]) -> Option:
    return Option(value, label, children)


def test_stages_are_read_process_by_process_and_an_unknown_one_follows_the_one_before_it() -> None:
    stage = TenantField("stage", "阶段", "select_one", tuple(option(v, label) for v, label in [
        ("a", "商机登记"), ("b", "技术澄清"), ("c", "商务谈判"), ("d", "签单成功"), ("e", "已流失"),
        ("g", "复盘"), ("f", "Proposal/Quote")]))  # fmt: skip
    process = TenantField(
        "process",
        "流程",
        "select_one",
        (option("p", "直销", stage=["a", "b", "c", "d", "e", "g"]), option("q", "渠道", stage=["f"])),
    )
    found = stages(STANDARD.stages, process, stage, {})
    assert [(each.process, each.value, each.code, bool(each.doubt)) for each in found] == [
        ("p", "a", "S1", False), ("p", "b", "S1", True), ("p", "c", "S4", False), ("p", "d", "WON", False), ("p", "e", "LOST", False),
        ("p", "g", "S4", True),
        ("q", "f", "S3", False)]  # fmt: skip
    assert {each.process for each in stages(STANDARD.stages, None, stage, {})} == {"*"}


def test_a_stage_that_goes_back_is_marked() -> None:
    stage = TenantField("stage", "阶段", "select_one", (option("a", "报价"), option("b", "需求确认")))
    assert [each.doubt for each in stages(STANDARD.stages, None, stage, {})] == ["", "it stands behind one of S3"]


def test_options_become_ours_by_label_and_others_land_as_they_came() -> None:
    words = STANDARD.streams["opportunities"].fields["lost_reason__c"].values
    given = [option("l1", "输给竞品"), option("price", "价格"), option("l3", "天气")]
    assert values(words, given) == ({"l1": "rival"}, [given[2]])


def test_the_last_of_equally_long_words_decides() -> None:
    words = STANDARD.streams["people"].fields["position__c"].values
    assert [meaning(words, label) for label in ("销售经理", "客户经理", "门卫")] == ["manager", "rep", ""]


def test_a_record_type_that_tells_nothing_is_other_and_marked() -> None:
    field = TenantField("t", "类型", "select_one", (option("1", "上门拜访"), option("2", "打卡")))
    assert [(each.code, bool(each.doubt)) for each in channels(STANDARD.channels, field)] == [
        ("visit", False),
        ("other", True),
    ]
