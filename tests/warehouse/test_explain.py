"""Every figure can be taken apart: terms and deals add up to it to the cent, and each deal names the landed version it was read from."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.warehouse.nights import Nights
from warehouse.explain import movement, moves, told
from warehouse.explanation import Explanation, explain
from warehouse.explanation_book import write
from warehouse.publish import publish
from warehouse.steps import StepError

DAY_1, DAY_2 = date(2026, 5, 19), date(2026, 5, 20)
LANDED = """insert into landing.fxiaoke__opportunities (record_id, record, record_hash, changed_at, known_at, load_id, is_reconstructed)
            values ('{id}', '{{}}', '{hash}', '{changed}', '{known}', '{load}', false)"""
# deal, name, owner, stage, amount, p, period, nodes
FIRST = [
    ("O-1", "=HYPERLINK(1)", "ann", "S2", "1000.00", 0.333, "2026Q2", "C N ann"),
    ("O-2", "桥 🌉", "bob", "S3", "200.05", 0.5, "2026Q2", "C N bob"),
    ("O-3", "pull-in", "cai", "S3", "70.00", 0.1, "2026Q3", "C S cai"),
]
SECOND = [
    ("O-1", "=HYPERLINK(1)", "ann", "S2", "1000.00", 0.4, "2026Q2", "C N ann"),
    ("O-3", "pull-in", "cai", "S3", "90.00", 0.1, "2026Q3", "C S cai"),
    ("O-4", "new", "cai", "S4", "10.00", 0.9, "2026Q2", "C S cai"),
]


def night(
    nights: Nights,
    day: date,
    deals: list[tuple[str, str, str, str, str, float, str, str]],
    won: str,
    from_new: str,
    final: str = "",
) -> None:
    """Publish a day's deals and the forecast of the company; `final` gives a deal an expected final amount that is not its open one."""
    build = nights.build(day)
    from_open = sum((Decimal(deal[4]) * Decimal(str(deal[5])) for deal in deals), Decimal(0)).quantize(Decimal("0.01"))
    rows = ", ".join(
        f"('{build.build_id}', '{deal}', 'fxiaoke', '{name}', 'A', '{owner}', '{stage}', {amount}::numeric(18,2), {p}::float8, '{period}')"
        for deal, name, owner, stage, amount, p, period, _ in deals
    )
    nodes = ", ".join(f"('{day}'::date, '{deal[0]}', '{node}')" for deal in deals for node in deal[7].split())
    nights.execute(
        "transformer",
        f"create table {build.schema}.mart_open_opportunities as select * from (values {rows}) as v (build_id, opportunity_id, system,"
        " opportunity_name, account_name, owner_name, stage_code, open_gross_amount, p_win_by_period_end, close_period_id)",
        f"create table {build.schema}.mart_period_forecast as select '{build.build_id}'::text as build_id, 'C'::text as node_id,"
        f" '2026Q2'::text as period_id, {won}::numeric(18,2) as won, {from_open}::numeric(18,2) as from_open,"
        f" {from_new}::numeric(18,2) as from_new, ({won} + {from_open} + {from_new})::numeric(18,2) as mean",
        f"alter table {build.schema}.mart_open_opportunities add column final_gross_amount numeric(18, 2)"
        if final
        else "",
        f"update {build.schema}.mart_open_opportunities set final_gross_amount = {final}" if final else "",
        "create table if not exists features.opportunity_nodes (as_of_date date, opportunity_id text, node_id text)",
        f"insert into features.opportunity_nodes values {nodes}",
    )
    publish(day)


@pytest.fixture(scope="module")
def published(nights: Nights) -> Nights:
    """Two published days; O-1 was landed twice, the second time after the first day's cutoff."""
    nights.execute(
        "loader",
        LANDED.format(id="O-1", hash="a", changed="2026-05-18 02:00Z", known="2026-05-18 16:00Z", load="20260518-l"),
        LANDED.format(id="O-1", hash="b", changed="2026-05-20 02:00Z", known="2026-05-20 16:00Z", load="20260520-l"),
    )
    night(nights, DAY_1, FIRST, "500.00", "40.00")
    night(nights, DAY_2, SECOND, "600.03", "35.00")
    return nights


def total(found: Explanation) -> Decimal:
    """Terms and deals, added up."""
    return sum(found.terms.values(), Decimal(0)) + sum((deal.contribution for deal in found.deals), Decimal(0))


def test_won_deals_and_new_business_add_up_to_the_forecast_to_the_cent(published: Nights) -> None:
    found = explain("forecast", "C", "2026Q2", DAY_1)
    assert [(deal.opportunity_id, deal.contribution) for deal in found.deals] == [
        ("O-1", Decimal("333.00")), ("O-2", Decimal("100.03")), ("O-3", Decimal("7.00")),
    ]  # fmt: skip
    assert found.terms == {"won": Decimal("500.00"), "from_new": Decimal("40.00"), "rounding": Decimal("-0.01")}
    assert found.value == total(found) == Decimal("980.02")


def test_each_deal_names_the_landed_version_that_its_day_saw(published: Nights) -> None:
    first, second = (explain("forecast", "C", "2026Q2", day).deals[0] for day in (DAY_1, DAY_2))
    assert (first.landing, first.load_id) == ("landing.fxiaoke__opportunities", "20260518-l")
    assert second.load_id == "20260520-l"
    line = told(explain("forecast", "C", "2026Q2", DAY_1))[7]
    assert "[landing.fxiaoke__opportunities, changed 2026-05-18 02:00Z, load 20260518-l]" in line


def test_what_moved_the_forecast_adds_up_to_the_change(published: Nights) -> None:
    now, former = explain("forecast", "C", "2026Q2", DAY_2), explain("forecast", "C", "2026Q2", DAY_1)
    found = dict(moves(now, former))
    assert found == {
        "已赢 · won to date": Decimal("100.03"),
        "新增业务 · new business": Decimal("-5.00"),
        "舍入 · rounding": Decimal("0.01"),
        "O-2  no longer open here": Decimal("-100.03"),
        "O-1  factor 0.333 → 0.4": Decimal("67.00"),
        "O-4  new here": Decimal("9.00"),
        "O-3  amount 70.00 → 90.00": Decimal("2.00"),
    }
    assert sum(found.values()) == now.value - former.value
    assert movement(now, former)[0].endswith(f"({now.value - former.value:+.2f})")


@pytest.mark.parametrize(
    ("metric", "node", "value"),
    [
        ("open_pipeline", "C", "1200.05"),
        ("weighted_pipeline", "C", "400.03"),  # 1000 × 0.30 + 200.05 × 0.50; O-3 closes in the next period
        ("open_pipeline", "bob", "200.05"),
        ("open_pipeline", "S", "0"),
    ],
)
def test_pipelines_are_the_sum_of_the_periods_deals_at_the_node(
    published: Nights, metric: str, node: str, value: str
) -> None:
    found = explain(metric, node, "2026Q2", DAY_1)
    assert found.value == total(found) == Decimal(value)


def test_the_workbooks_formulas_compute_the_figure_again_and_names_stay_text(published: Nights, tmp_path: Path) -> None:
    found = explain("forecast", "C", "2026Q2", DAY_1)
    write(tmp_path / "why.xlsx", found)
    book = load_workbook(tmp_path / "why.xlsx")
    deals, figure = book["deals"], book["figure"]
    assert (deals["B2"].data_type, deals["B2"].value) == ("s", "'=HYPERLINK(1)")
    assert [deals.cell(row, 8).value for row in (2, 3, 4)] == [f"=ROUND(F{row}*G{row},2)" for row in (2, 3, 4)]
    computed = [
        (Decimal(str(deals.cell(row, 6).value)) * Decimal(str(deals.cell(row, 7).value))).quantize(
            Decimal("0.01"), ROUND_HALF_UP
        )
        for row in (2, 3, 4)
    ]
    lines = {figure.cell(row, 1).value: figure.cell(row, 2).value for row in range(9, figure.max_row + 1)}
    assert lines["deals"] == "=SUM(deals!H2:H4)"
    assert lines["value"] == "=SUM(B9:B12)"
    assert sum(Decimal(str(lines[name])) for name in ("won", "from_new", "rounding")) + sum(computed) == found.value


@pytest.mark.parametrize(
    ("node", "day", "said"),
    [
        ("C", date(2026, 5, 18), "no build of 2026-05-18 was published"),
        ("Z", DAY_1, "has no forecast of node Z for 2026Q2: take both from published.mart_period_forecast"),
    ],
)
def test_what_was_never_published_is_said_in_a_sentence(published: Nights, node: str, day: date, said: str) -> None:
    with pytest.raises(StepError, match=said):
        explain("forecast", node, "2026Q2", day)


def test_a_forecast_is_explained_by_what_deals_are_expected_to_be_signed_for(published: Nights) -> None:
    """Builds before kept no such amount and are explained by the open one; the open pipeline always is."""
    night(published, date(2026, 5, 21), SECOND, "0.00", "0.00", final="open_gross_amount * 0.8")
    found = explain("forecast", "C", "2026Q2", date(2026, 5, 21))
    assert [(deal.opportunity_id, deal.amount, deal.contribution) for deal in found.deals] == [
        ("O-1", Decimal("800.00"), Decimal("320.00")), ("O-3", Decimal("72.00"), Decimal("7.20")),
        ("O-4", Decimal("8.00"), Decimal("7.20")),
    ]  # fmt: skip
    assert explain("open_pipeline", "C", "2026Q2", date(2026, 5, 21)).value == Decimal("1010.00")
