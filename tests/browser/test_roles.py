"""Each role's own way through the pages: sign in, a number that is the mart's, from the total to a deal in three clicks, a filter."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, Response

from tests.browser.company import Company
from tests.browser.visits import DESK, Visit, asked, is_filtered, visit

pytestmark = pytest.mark.soak
NUMBERS = ["target", "sure", "won", "p50", "to_target", "p10", "p90"]
DEALS = ["member_name", "opportunity_name", "owner_name", "stage_name", "expected_close_on"]
LIST = [
    "opportunity_name",
    "owner_name",
    "region_name",
    "stage_name",
    "expected_close_on",
    "band",
    "next_step",
    "reason_text",
]
CENT = Decimal("0.01")


def amount(value: Any, unit: int = 10_000) -> Decimal:
    """A shown amount in base currency."""
    return Decimal(str(value or 0)) * unit


def choose(seen: Visit, name: str, option: str) -> None:
    """Set a filter above the page and apply it."""
    seen.page.locator(f".filter-item-wrapper:has(label[for='NATIVE_FILTER-{name}']) .ant-select-selector").click()
    seen.page.locator(".ant-select-item-option").get_by_text(option, exact=True).click()
    seen.page.locator("[data-test='filter-bar__apply-button']").click()


def own_row(company: Company, person: str, columns: str) -> tuple[Any, ...]:
    """The figures of the highest node that a person sees."""
    order = "array_position(array['company', 'region', 'team', 'rep'], node_level), node_name"
    return company.fetch(person, f"select {columns} from published.mart_period_forecast order by {order} limit 1")[0]


def drilled(seen: Visit, chart: str) -> tuple[list[dict[str, Any]], int]:
    """The first page of the rows behind a chart, and how many there are: two clicks, ⋮ and drill to detail."""
    holder = seen.page.locator(f"[data-test-chart-name='{chart}']")
    holder.locator("[id$='-controls']").click()
    with seen.page.expect_response(lambda answer: "/datasource/samples" in answer.url) as said:
        seen.page.get_by_role("menuitem", name="钻取详情", exact=True).click()
    result = said.value.json()["result"]
    return list(result["data"]), int(result["total_count"])


@pytest.mark.parametrize("person", ["vp", "manager", "finance", "supply", "engineer"])
def test_from_the_total_to_deals_that_add_up_to_the_cell_in_three_clicks(
    chromium: Browser, company: Company, person: str
) -> None:
    seen = visit(chromium, company, person, "p1", DESK)
    own, total = own_row(company, person, "node_id, won")
    assert amount(seen.rows(*NUMBERS)[0]["won"]).quantize(CENT) == total
    below = "select node_name, from_open from published.mart_period_forecast where parent_node_id = "
    member, from_open = company.fetch(person, f"{below} '{own}' order by from_open desc limit 1")[0]

    def is_theirs(answer: Response) -> bool:
        return is_filtered(answer, member) and asked(answer)["columns"] == DEALS

    with seen.page.expect_response(is_theirs):
        seen.page.locator("[data-test-chart-name='哪里在失血：各节点排名'] td", has_text=member).first.click()
    seen.page.wait_for_load_state("networkidle")
    deals = seen.all_rows(*DEALS, "open", "p", "expected")
    assert {deal["member_name"] for deal in deals} == {member}
    assert abs(sum(amount(deal["expected"]) for deal in deals) - from_open) <= CENT * len(deals)
    rows, count = drilled(seen, "决定结果的商机")
    assert {row["member_name"] for row in rows} == {member}
    assert count >= len(deals)  # two of one name and owner are one row of the list
    shown = sum(Decimal(str(row["expected_gross_amount"] or 0)) for row in rows)
    assert shown == from_open if count == len(rows) else shown < from_open  # a large company's go on on the next page
    seen.page.context.close()


def test_a_rep_goes_from_the_own_total_to_a_deal_and_sees_nobody_elses(chromium: Browser, company: Company) -> None:
    seen = visit(chromium, company, "rep", "p3", DESK)
    own, from_open = own_row(company, "rep", "node_id, from_open")
    deals = seen.all_rows(*LIST, "open", "p", "p_ever", "p_change_7d", "expected", "silent", "pushes")
    assert amount(seen.rows("expected")[0]["expected"]).quantize(CENT) == from_open
    assert abs(sum(amount(deal["expected"]) for deal in deals) - from_open) <= CENT * (len(deals) + 1)
    name = deals[0]["opportunity_name"]
    with seen.page.expect_response(lambda answer: is_filtered(answer, name)):
        seen.page.locator("[data-test-chart-name='商机清单'] td", has_text=name).first.click()
    seen.page.wait_for_load_state("networkidle")
    owners = dict(company.fetch("vp", "select opportunity_id, owner_id from published.mart_open_opportunities"))
    assert {owners[row["opportunity_id"]] for row in drilled(seen, "商机清单")[0]} == {own}
    seen.page.context.close()


def test_a_planner_and_an_engineer_read_the_marts_numbers_on_their_pages(chromium: Browser, company: Company) -> None:
    seen = visit(chromium, company, "supply", "p2", DESK)
    created = dict(
        company.fetch(
            "supply",
            "select period_id, created_gross_amount from published.mart_metrics"
            " where slice_kind = 'all' and node_level = 'company' and period_kind <> 'future'",
        )
    )
    shown = {row["period_id"]: amount(row["created"]).quantize(CENT) for row in seen.rows("period_id", "created")}
    assert shown == created
    seen.page.context.close()
    seen = visit(chromium, company, "engineer", "p8", DESK)
    streams = company.fetch("engineer", "select system, stream, state from published.rpt_freshness")
    rows = seen.rows("system", "stream", "state", "lag_hours", "lag_p95_hours", "max_age_hours", "is_required")
    assert sorted((row["system"], row["stream"], row["state"]) for row in rows) == sorted(streams)
    seen.page.context.close()


@pytest.mark.parametrize("person", ["vp", "manager", "rep"])
def test_the_chosen_unit_gives_the_marts_own_number(chromium: Browser, company: Company, person: str) -> None:
    seen = visit(chromium, company, person, "p1", DESK)
    with seen.page.expect_response(
        lambda answer: is_filtered(answer, "元") and asked(answer).get("metrics") == NUMBERS
    ):
        choose(seen, "unit", "元")
    seen.page.wait_for_load_state("networkidle")
    (won,) = own_row(company, person, "won")
    assert Decimal(str(seen.rows(*NUMBERS)[0]["won"])).quantize(CENT) == won
    seen.page.context.close()
