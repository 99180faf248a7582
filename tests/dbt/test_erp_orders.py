"""Which order follows from which won deal, on hand-made deals and orders on a real warehouse."""

from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.slow

BUILD = "20260511_aaaaaaaaaaaa"
WON = "2026-05-04 10:00"


def order(number: str, customer: str, *amounts: float, **more: Any) -> dict[str, dict[str, Any]]:
    """Lines of an order of 4 May in yuan, by their keys: one for each amount, net of 13 %."""
    header = {
        "FID": number, "FBillNo": f"XSDD{number}", "FDate": "2026-05-04T00:00:00", "FDocumentStatus": "C", "FCustId.FNumber": f"C-{number}",
        "FCustId.FName": customer, "FSettleCurrId.FCODE": "CNY", "FMaterialId.FNumber": "M-1001", "FEntryTaxRate": 13.0, "FQty": 1.0,
    }  # fmt: skip
    return {
        f"{number}|{place}": {
            **header, "FAllAmount": amount, "FAllAmount_LC": amount,
            "FAmount": round(amount / 1.13, 2), "FAmount_LC": round(amount / 1.13, 2), **more,
        }
        for place, amount in enumerate(amounts)
    }  # fmt: skip


@pytest.fixture(scope="module")
def mapped(land, deal, ms, build, query):  # type: ignore[no-untyped-def]
    """A hundred deals with contract numbers and orders, and one deal for each other way."""

    def win(deal_id: str, name: str, at: str = WON, **fields: Any) -> None:
        land("fxiaoke__accounts", f"A-{deal_id}", "2026-04-01 09:00", {"name": name, "life_status": "normal"})
        for stage, changed in (("eq_nego", "2026-04-01 10:00"), ("won", at)):
            record = deal(stage, "2026-04-01 10:00", account_id=f"A-{deal_id}", stg_changed_time=ms(changed), **fields)
            land("fxiaoke__opportunities", deal_id, changed, record)

    def enter(lines: dict[str, dict[str, Any]]) -> None:
        for key, record in lines.items():
            land("kingdee__orders", key, "2026-05-04 12:00", record)

    for number in range(100):
        win(f"N{number}", f"客户{number}有限公司", contract_no__c=f"HT-{number}", amount="100000.00")
        enter(order(f"{number}", "别名", 60000.0, 40000.0, F_LF_ContractNo=f"HT-{number}"))
    # without a contract number: the same company in another spelling, the same amount, some days apart
    win("LIKE", " 苏州华瑞（精密）机械股份有限公司", amount="54321.00")
    enter(order("LIKE", "苏州华瑞(精密)机械有限责任公司", 54321.0, FDate="2026-05-20T00:00:00"))
    # two orders fit one deal; another customer; another amount; another currency; no order at all; won yesterday
    win("TWICE", "无锡双子有限公司", amount="7000.00")
    enter(order("T1", "无锡双子公司", 7000.0) | order("T2", "无锡双子公司", 7000.0))
    win("OTHER", "杭州甲有限公司", amount="8000.00")
    enter(order("O1", "杭州乙有限公司", 8000.0) | order("O2", "杭州甲有限公司", 8000.01))
    win("USD", "宁波海外有限公司", amount="9000.00", currency__c="USD")
    enter(order("U1", "宁波海外有限公司", 9000.0))
    win("LOST", "合肥无单有限公司", contract_no__c="HT-LOST", amount="1.00")
    win("FRESH", "成都新单有限公司", at="2026-05-11 10:00", amount="2.00")
    # two deals write the same contract number: the order's amount decides; its second order is the same deal's
    win("SAME1", "重庆同号有限公司", contract_no__c="HT-SAME", amount="3000.00")
    win("SAME2", "重庆同号有限公司", contract_no__c="HT-SAME", amount="4000.00")
    enter(order("S1", "重庆同号有限公司", 4000.0, F_LF_ContractNo="HT-SAME"))
    enter(order("S2", "重庆同号有限公司", 3000.0, F_LF_ContractNo="HT-SAME"))
    enter(order("S3", "重庆同号有限公司", 3000.0, F_LF_ContractNo="HT-SAME", FDocumentStatus="A"))
    build("+map_opportunity_order +fct_order_line", "2026-05-11", build_id=BUILD, build_schema=f"build_{BUILD}")

    def shown(columns: str, deals: list[str]) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = query(
            f"select {columns} from build_{BUILD}.map_opportunity_order where opportunity_id = any(%s) order by 1",
            deals,
        )
        return found

    return shown


def test_almost_every_won_deal_has_its_order(mapped, query):  # type: ignore[no-untyped-def]
    assert query(
        f"select count(*), count(*) filter (where is_mapped), count(*) filter (where is_mapped = (reason is null))"
        f" from build_{BUILD}.map_opportunity_order where opportunity_id like 'N%%'"
    ) == [(100, 100, 100)]


def test_a_contract_number_maps_whatever_the_customer_is_called(mapped):  # type: ignore[no-untyped-def]
    assert mapped("opportunity_id, order_number, matched_by, ordered_gross_amount, orders_count", ["N7"]) == [
        ("N7", "XSDD7", "contract_number", Decimal("100000.00"), 1)
    ]


def test_without_one_customer_amount_and_date_do(mapped):  # type: ignore[no-untyped-def]
    assert mapped("opportunity_id, order_number, matched_by, ordered_on::text", ["LIKE"]) == [
        ("LIKE", "XSDDLIKE", "customer_amount_and_date", "2026-05-20")
    ]


def test_what_is_not_mapped_says_why(mapped):  # type: ignore[no-untyped-def]
    assert mapped("opportunity_id, reason, is_mapped", ["TWICE", "OTHER", "USD", "LOST", "FRESH"]) == [
        ("FRESH", "won_within_3_days", False),
        ("LOST", "no_order_with_this_contract_number_or_like_it", False),
        ("OTHER", "no_contract_number_and_no_order_like_it", False),
        ("TWICE", "several_orders_or_deals_fit", False),
        ("USD", "no_contract_number_and_no_order_like_it", False),
    ]


def test_a_contract_number_of_two_deals_goes_by_amount(mapped):  # type: ignore[no-untyped-def]
    assert mapped("opportunity_id, order_number, orders_count, ordered_gross_amount", ["SAME1", "SAME2"]) == [
        ("SAME1", "XSDDS2", 2, Decimal("6000.00")), ("SAME2", "XSDDS1", 1, Decimal("4000.00")),
    ]  # fmt: skip


def test_lines_carry_both_tax_bases_and_their_deal(mapped, query):  # type: ignore[no-untyped-def]
    assert query(
        "select order_line_id, opportunity_id, gross_amount, net_amount, original_gross_amount, tax_rate_percent, is_approved"
        f" from build_{BUILD}.fct_order_line where order_id in ('7', 'S3', 'U1') order by 1"
    ) == [
        ("7|0", "N7", 60000, Decimal("53097.35"), 60000, 13, True),
        ("7|1", "N7", 40000, Decimal("35398.23"), 40000, 13, True),
        ("S3|0", "SAME1", 3000, Decimal("2654.87"), 3000, 13, False),
        ("U1|0", None, 9000, Decimal("7964.60"), 9000, 13, True),
    ]
