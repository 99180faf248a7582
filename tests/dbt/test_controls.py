"""Do our figures tie to the systems of record? Won deals, contracts, orders, receipts, receivables and targets, worked by hand; every
difference has its reason and its age, and the differences add up to the gap."""

from decimal import Decimal
from typing import Any

import pytest

from tests.dbt.test_erp_money import receipt, receivable
from tests.dbt.test_erp_orders import order
from warehouse.connection import connect

pytestmark = pytest.mark.slow

AS_OF, BUILD = "2026-05-20", "20260520_aaaaaaaaaaaa"
SCHEMA = f"build_{BUILD}"


def setting(kind: str, key: str, amount: str, decided: str = "2026-05-04 09:00+08") -> None:
    with connect("loader") as connection:
        connection.execute(
            "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason)"
            " values (%s, %s, jsonb_build_object('gross_amount', %s::text), '2026-01-01', %s, 'finance', 'test')",
            (kind, key, amount, decided),
        )


@pytest.fixture(scope="module")
def controls(land, deal, ms, build, query):  # type: ignore[no-untyped-def]
    """Seven won deals with what the contracts and the ERP say of them, receipts on both sides, and a ledger that lacks one customer."""

    def win(deal_id: str, amount: str, day: str = "2026-05-04", **fields: Any) -> None:
        land(
            "fxiaoke__accounts",
            f"A-{deal_id}",
            "2026-03-01 09:00",
            {"name": f"客户{deal_id}有限公司", "life_status": "normal"},
        )
        for stage, changed in (("eq_nego", "2026-03-01 10:00"), ("won", f"{day} 10:00")):
            record = deal(stage, "2026-03-01 10:00", account_id=f"A-{deal_id}", amount=amount, stg_changed_time=ms(changed),
                          contract_no__c=f"HT-{deal_id}", **fields)  # fmt: skip
            land("fxiaoke__opportunities", deal_id, changed, record)

    def enter(deal_id: str, amount: float, changed: str = "2026-05-04 12:00", **more: Any) -> None:
        for key, record in order(deal_id, "别名", amount, F_LF_ContractNo=f"HT-{deal_id}", **more).items():
            land("kingdee__orders", key, changed, record)

    def sign(deal_id: str, amount: str, day: str = "2026-05-04", **fields: Any) -> None:
        land("fxiaoke__contracts", f"C-{deal_id}", f"{day} 11:00", {
            "name": f"HT-{deal_id}", "new_opportunity_id": deal_id, "contract_amount": amount, "currency__c": "CNY",
            "confirm_time": ms(day), "life_status": "normal", **fields,
        })  # fmt: skip

    win("SAME", "1000.00")
    enter("SAME", 1000.0)
    sign("SAME", "1000.00")
    win("LESS", "2000.00")
    enter("LESS", 1900.0)
    sign("LESS", "2000.00")
    enter("LESS", 1950.0, changed="2026-05-12 09:00")
    win("NONE", "300.00")
    sign("NONE", "300.00", life_status="invalid")
    win("DRAFT", "40.00")
    enter("DRAFT", 40.0, FDocumentStatus="A")
    sign("DRAFT", "40.00")
    win("EARLY", "5000.00", day="2026-03-31")
    sign("EARLY", "5000.00", day="2026-03-31")
    enter("EARLY", 5000.0, FDate="2026-04-02T00:00:00", changed="2026-04-02 10:00")
    win("USD", "100.00", currency__c="USD")
    sign("USD", "100.00", currency__c="USD")
    in_dollars: dict[str, Any] = {"FSettleCurrId.FCODE": "USD", "FAllAmount_LC": 715.0}
    enter("USD", 100.0, **in_dollars)
    for key, record in order("ALONE", "无主客户", 77.0).items():
        land("kingdee__orders", key, "2026-05-06 12:00", record)

    for number, amount, paid in (("P1", "600.00", "2026-05-12"), ("P2", "50.00", "2026-05-12")):
        land("fxiaoke__payments", number, "2026-05-12 18:00", {
            "name": f"HK-{number}", "receipt_no__c": f"SKD{number}", "payment_amount": amount, "payment_time": ms(paid),
            "currency__c": "CNY", "life_status": "normal",
        })  # fmt: skip
    land("kingdee__receipts", "P1|1", "2026-05-12 10:00", receipt("P1", "PAID", 600.0))
    land("kingdee__receipts", "P3|1", "2026-05-13 10:00", receipt("P3", "PAID", 25.0))
    for customer, owed in (("PAID", 1000.0), ("OWES", 70.0)):
        invoice = receivable(customer, customer, owed, FApproveDate="2026-04-01T00:00:00")
        land("kingdee__receivables", f"{customer}|1", "2026-04-01 10:00", invoice)
    late = receivable("LATE", "LATE", 9.0, FApproveDate="2026-05-06T00:00:00")
    land("kingdee__receivables", "LATE|1", "2026-05-06 10:00", late)
    for customer, balance in (("PAID", "1000.00"), ("OWES", "60.00"), ("*", "1061.00")):
        setting("ledger_balance", f"2026-04-30|{customer}", balance)
    for kind, target in (("target", "900.00"), ("signed_target", "1000.00")):
        setting(kind, "1001|2026Q2", target)
    setting("target", "1002|2026Q2", "5.00")
    build("+rpt_control_total control_differences_add_up_to_the_gap", AS_OF, build_id=BUILD, build_schema=SCHEMA)
    return query


def total(query: Any, control: str, period: str = "2026Q2") -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = query(
        "select state, here_gross_amount, there_gross_amount, difference_gross_amount, differences_count, oldest_age_days"
        f" from {SCHEMA}.rpt_control_total where control = %s and period_id = %s order by node_id",
        control, period,
    )  # fmt: skip
    return rows


def differences(query: Any, control: str, period: str = "2026Q2") -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = query(
        f"select pair_id, reason, difference_gross_amount, first_seen_on::text, age_days from {SCHEMA}.rpt_control_difference"
        " where control = %s and period_id = %s order by pair_id",
        control, period,
    )  # fmt: skip
    return rows


def test_won_deals_and_orders_tie_but_for_named_and_aged_differences(controls):  # type: ignore[no-untyped-def]
    assert total(controls, "won_orders") == [
        ("differs", Decimal("4050.00"), Decimal("8742.00"), Decimal("-4692.00"), 6, 48)
    ]
    assert differences(controls, "won_orders") == [
        ("ALONE", "only_in_erp", Decimal("-77.00"), "2026-05-06", 14),
        ("DRAFT", "order_not_approved", Decimal("40.00"), "2026-05-04", 16),
        ("EARLY", "counted_in_another_period", Decimal("-5000.00"), "2026-04-02", 48),
        ("LESS", "amount_differs", Decimal("50.00"), "2026-05-12", 8),
        ("NONE", "no_order_with_this_contract_number_or_like_it", Decimal("300.00"), "2026-05-04", 16),
        ("USD", "rate_differs", Decimal("-5.00"), "2026-05-04", 16),
    ]
    assert differences(controls, "won_orders", "2026Q1") == [
        ("EARLY", "counted_in_another_period", Decimal("5000.00"), "2026-04-02", 48)
    ]


def test_won_deals_and_contracts_differ_by_the_one_whose_contract_was_voided(controls):  # type: ignore[no-untyped-def]
    assert total(controls, "won_contracts") == [
        ("differs", Decimal("4050.00"), Decimal("3750.00"), Decimal("300.00"), 1, 16)
    ]
    assert differences(controls, "won_contracts") == [("NONE", "only_in_crm", Decimal("300.00"), "2026-05-04", 16)]
    assert total(controls, "won_contracts", "2026Q1")[0][:4] == (
        "ties",
        Decimal("5000.00"),
        Decimal("5000.00"),
        Decimal("0.00"),
    )


def test_receipts_that_one_side_lacks_are_named(controls):  # type: ignore[no-untyped-def]
    assert total(controls, "receipts")[0][:5] == ("differs", Decimal("650.00"), Decimal("625.00"), Decimal("25.00"), 2)
    assert [row[:3] for row in differences(controls, "receipts")] == [
        ("SKDP2", "only_in_crm", Decimal("50.00")), ("SKDP3", "only_in_erp", Decimal("-25.00")),
    ]  # fmt: skip


def test_receivables_tie_to_the_ledger_but_for_late_approvals_and_what_it_leaves_unsplit(controls):  # type: ignore[no-untyped-def]
    assert total(controls, "receivables")[0][:5] == (
        "differs",
        Decimal("1079.00"),
        Decimal("1061.00"),
        Decimal("18.00"),
        3,
    )
    assert [row[:3] for row in differences(controls, "receivables")] == [
        ("*", "only_in_ledger", Decimal("-1.00")), ("LATE", "approved_after_the_ledger_day", Decimal("9.00")),
        ("OWES", "amount_differs", Decimal("10.00")),
    ]  # fmt: skip


def test_targets_tie_to_the_signed_sheet_node_by_node(controls):  # type: ignore[no-untyped-def]
    assert [row[:4] for row in total(controls, "targets")] == [
        ("differs", Decimal("900.00"), Decimal("1000.00"), Decimal("-100.00")),
        ("differs", Decimal("5.00"), Decimal("0.00"), Decimal("5.00")),
    ]
    assert [row[:2] for row in differences(controls, "targets")] == [
        ("1001", "amount_differs"),
        ("1002", "only_in_settings"),
    ]


def test_an_absent_side_is_told_and_is_no_zero(controls, build, query):  # type: ignore[no-untyped-def]
    """On 1 May nothing was read from the ledger and nothing was entered in the CRM."""
    other = "20260501_aaaaaaaaaaaa"
    build("+rpt_control_total", "2026-05-01", build_id=other, build_schema=f"build_{other}")
    assert query(
        f"select control, state, here_gross_amount, there_gross_amount, difference_gross_amount from build_{other}.rpt_control_total"
        " where period_id = '2026Q2' order by control"
    ) == [
        ("contracts_orders", "differs", Decimal("0.00"), Decimal("5000.00"), Decimal("-5000.00")),
        ("receipts", "both_absent", None, None, None),
        ("receivables", "there_absent", Decimal("1070.00"), None, None),
        ("targets", "both_absent", None, None, None),
        ("won_contracts", "ties", Decimal("0.00"), Decimal("0.00"), Decimal("0.00")),
        ("won_orders", "differs", Decimal("0.00"), Decimal("5000.00"), Decimal("-5000.00")),
    ]
