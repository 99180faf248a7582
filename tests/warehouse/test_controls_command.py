"""`python -m warehouse.controls` says whether the published figures tie, in the reader's language, and lists what keeps them from it."""

from datetime import date

import pytest

from tests.warehouse.nights import Nights
from warehouse.controls import told
from warehouse.publish import publish
from warehouse.steps import StepError

DAY = date(2026, 5, 19)
TOTALS = """
create table {schema}.rpt_control_total as select '{build}'::text as build_id, * from (values
    ('won_orders', '2026Q2', 'C', 3, '赢单金额 ↔ ERP 订单', 'won amount and ERP orders', 'differs', 100.00, 90.00, 10.00, 2, 7),
    ('receipts', '2026Q2', 'C', 4, 'CRM 回款 ↔ ERP 收款', 'receipts in CRM and ERP', 'here_absent', null, 5.00, null, 0, null)
) as v (control, period_id, node_id, control_place, name_zh, name_en, state, here_gross_amount, there_gross_amount,
    difference_gross_amount, differences_count, oldest_age_days)"""
DIFFERENCES = """
create table {schema}.rpt_control_difference as
select '{build}'::text as build_id, 'won_orders'::text as control, '2026Q2'::text as period_id, * from (values
    ('O-1', 'C', '桥 🌉', null, '仅 CRM 有', 'only the CRM has it', 12.00, date '2026-05-12', 7),
    ('X-9', 'C', null, 'XSDD9', '仅 ERP 有', 'only the ERP has it', -2.00, date '2026-05-18', 1)
) as v (pair_id, node_id, here_name, there_name, reason_zh, reason_en, difference_gross_amount, first_seen_on, age_days)"""


@pytest.fixture
def published(nights: Nights) -> None:
    """A published day with one control that differs by two items, and one whose own side has no data."""
    build = nights.build(DAY)
    nights.execute(
        "transformer", *(text.format(schema=build.schema, build=build.build_id) for text in (TOTALS, DIFFERENCES))
    )
    publish(DAY)


def test_controls_are_told_with_their_differences(published: None) -> None:
    assert told("2026Q2", "en") == [
        "won amount and ERP orders  differs  100.00 ↔ 90.00  gap 10.00  2 differences, oldest 7 days",
        "                 12.00  7 days (since 2026-05-12)  桥 🌉  only the CRM has it",
        "                 -2.00  1 days (since 2026-05-18)  XSDD9  only the ERP has it",
        "receipts in CRM and ERP  left side has no data  – ↔ 5.00  gap –  0 differences, oldest 0 days",
    ]
    assert told("2026Q2", "zh")[0] == "赢单金额 ↔ ERP 订单  有差异  100.00 ↔ 90.00  差额 10.00  2 项，最久 7 天"
    with pytest.raises(StepError, match="no published build has controls of 2020Q1"):
        told("2020Q1", "en")
