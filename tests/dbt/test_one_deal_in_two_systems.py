"""A deal that the CRM, a sheet and perhaps a second CRM tell of is one deal with as many source keys; who leads says its amount."""

from decimal import Decimal
from typing import Any

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

FIRST, SECOND = "build_20260511_aaaaaaaaaaaa", "build_20260512_aaaaaaaaaaaa"


def row(deal_id: str, customer: str, title: str, amount: str, close: str = "2026-06-20") -> dict[str, Any]:
    return {
        "id": deal_id, "account_name": customer, "name": title, "amount": amount, "currency": "CNY", "stage": "x",
        "expected_close_on": close, "created_at": "2026-05-11T09:00:00+08:00",
    }  # fmt: skip


def three(land, deal, ms, title: str, day: str, ids: tuple[str, str, str]) -> None:  # type: ignore[no-untyped-def]
    """One deal in the CRM, a second CRM and a sheet. Only the second CRM's close date is near enough to both of the others."""
    first, second, third = ids
    record = deal(
        "eq_need", f"{day} 09:00", account_id="A3", name=title, amount="300000.00", close_date=ms("2026-06-10")
    )
    land("fxiaoke__opportunities", first, f"{day} 10:00", record)
    other = {
        "AccountId": "SA3", "OwnerId": "1001", "Name": title, "StageName": "x", "Amount": "310000.00", "CurrencyIsoCode": "CNY",
        "CloseDate": "2026-07-20", "CreatedDate": f"{day}T01:00:00.000+0000",
    }  # fmt: skip
    land("salesforce__opportunities", second, f"{day} 10:00", other)
    sheet = row(third, "三方设备有限公司", title, "320000.00", close="2026-08-30")
    land("files__opportunities", third, f"{day} 12:00", sheet | {"created_at": f"{day}T09:00:00+08:00"})


@pytest.fixture(scope="module")
def told(land, deal, ms, build, query):  # type: ignore[no-untyped-def]
    """Three deals of the CRM; a sheet of 11 May spells two of them otherwise and has three more; from 12 May on the sheet leads."""
    for account, name in (("A1", "华东机电有限公司"), ("A2", "海瑞自动化股份有限公司"), ("A3", "三方设备有限公司")):
        land("fxiaoke__accounts", account, "2026-05-04 09:00", {"name": name, "life_status": "normal"})
    for deal_id, account, title, amount in (
        ("O1", "A1", "压力机 一期", "100000.00"), ("O2", "A2", "MES 升级", "50000.00"), ("O3", "A1", "备件", "700.00")
    ):  # fmt: skip
        record = deal(
            "eq_need", "2026-05-04 10:00", account_id=account, name=title, amount=amount, close_date=ms("2026-06-10")
        )
        land("fxiaoke__opportunities", deal_id, "2026-05-04 10:00", record)
    sheet = [
        row("S1", " 华东机电（有限公司）", "压力机（一期）", "98000.00"), row("S2", "海瑞自动化", "软件项目", "50000.00"),
        row("S3", "华东机电有限公司", "机器人", "60000.00"), row("S4", "别家有限公司", "备件", "700.00"),
        row("S5", "华东机电有限公司", "备件", "701.00", close="2026-12-20"),
    ]  # fmt: skip
    for record in sheet:
        land("files__opportunities", record["id"], "2026-05-11 12:00", record)
    created = {"Name": "三方设备", "CreatedDate": "2026-05-04T01:00:00.000+0000"}
    land("salesforce__accounts", "SA3", "2026-05-04 09:00", created)
    three(land, deal, ms, "产线改造", "2026-05-11", ("O4", "Q4", "S7"))
    marts = "+map_opportunity +fct_opportunity"
    build(marts, "2026-05-11", build_id=FIRST.removeprefix("build_"), build_schema=FIRST)
    with connect("loader") as connection:
        connection.execute(
            "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason)"
            " values ('tenant', 'opportunity_priority', jsonb_build_object('value', 'files,fxiaoke'), '2026-05-12',"
            " '2026-05-11 20:00+08', 'test', 'test')"
        )
    land(
        "files__opportunities",
        "S6",
        "2026-05-12 12:00",
        row("S6", "华东机电有限公司", "备件", "680.00", close="2026-06-11"),
    )
    three(land, deal, ms, "装配岛", "2026-05-12", ("O5", "Q5", "S8"))
    build(marts, "2026-05-12", build_id=SECOND.removeprefix("build_"), build_schema=SECOND)
    return query


def test_spellings_of_one_deal_are_one_opportunity_with_two_source_keys(told: Any) -> None:
    rows = told(
        f"select source_key, opportunity_id, evidence, is_leading, matched_on::text from {FIRST}.map_opportunity"
        " where source_key not in ('O4', 'Q4', 'S7') order by 1"
    )
    assert rows == [
        ("O1", "O1", "itself", True, None), ("O2", "O2", "itself", True, None), ("O3", "O3", "itself", True, None),
        ("S1", "O1", "customer_and_title", False, "2026-05-11"), ("S2", "O2", "customer_and_amount", False, "2026-05-11"),
        ("S3", "S3", "itself", True, None), ("S4", "S4", "itself", True, None), ("S5", "S5", "itself", True, None),
    ]  # fmt: skip


def test_the_leading_system_says_the_amount_and_the_deal_counts_once(told: Any) -> None:
    amounts = (
        "select opportunity_id, original_gross_amount from {}.fct_opportunity"
        " where opportunity_id in ('O1', 'S1', 'O3', 'S6') order by 1"
    )
    assert told(amounts.format(FIRST)) == [("O1", Decimal("100000.00")), ("O3", Decimal("700.00"))]
    # what was matched before stays; what is matched from 12 May on is led by the sheet
    assert told(amounts.format(SECOND)) == [("O1", Decimal("100000.00")), ("S6", Decimal("680.00"))]


def test_a_deal_of_three_systems_is_one_though_only_neighbours_are_alike(told: Any) -> None:
    """A match never followed a second one: the sheet's record stood for the second CRM's, which itself stood for nothing."""
    keys = "select source_key, opportunity_id from {}.map_opportunity where source_key = any(array{}) order by 1"
    amounts = "select opportunity_id, original_gross_amount from {}.fct_opportunity where opportunity_id = any(array{})"
    earlier, later = ["O4", "Q4", "S7"], ["O5", "Q5", "S8"]
    assert told(keys.format(FIRST, earlier)) == [("O4", "O4"), ("Q4", "O4"), ("S7", "O4")]
    assert told(amounts.format(FIRST, earlier)) == [("O4", Decimal("300000.00"))]
    # from 12 May on the sheet leads and the second CRM comes last: it follows both others, which meet in it
    assert told(keys.format(SECOND, later)) == [("O5", "S8"), ("Q5", "S8"), ("S8", "S8")]
    assert told(amounts.format(SECOND, later)) == [("S8", Decimal("320000.00"))]
    assert told(amounts.format(SECOND, earlier)) == [("O4", Decimal("300000.00"))]
