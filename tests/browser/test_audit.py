"""What P8 links to: lineage for whoever is signed in, the access audit for accounts of the whole organisation alone."""

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.company import Company
from tests.browser.visits import DESK, visit

pytestmark = pytest.mark.soak


def test_the_audit_names_every_account_and_rule_and_a_rep_gets_none(chromium: Browser, company: Company) -> None:
    seen = visit(chromium, company, "engineer", "p8", DESK)
    seen.page.get_by_role("link", name="访问审计").click()
    expect(seen.page.get_by_text("全部数据集市和图表数据集都按人过滤行")).to_be_visible()
    nodes = {row.split("\t")[0]: row.split("\t")[1] for row in seen.page.locator("tr").all_inner_texts()}
    own = company.fetch("rep", "select node_id from published.mart_period_forecast")[0][0]
    assert (nodes["vp"], nodes["rep"]) == ("*", own)
    assert "engineer" in nodes
    expect(seen.page.locator("tr", has_text="engineer")).to_contain_text("p8 ×")
    assert company.fetch("engineer", "select count(*) from pg_class where relnamespace = 'marts'::regnamespace and relkind = 'p'") == [
        (seen.page.locator("td.good").count(),)
    ]  # fmt: skip
    seen.page.context.close()
    seen = visit(chromium, company, "rep", "p3", DESK)
    answer = seen.page.request.get(f"{company.address}/access/")
    assert answer.status == 403
    assert own not in answer.text()
    seen.page.context.close()


def test_the_lineage_leads_from_a_mart_to_a_field_of_the_raw_records(chromium: Browser, company: Company) -> None:
    """The lineage of a new company is worked out behind its pages."""
    seen = visit(chromium, company, "engineer", "p8", DESK)
    link = seen.page.get_by_role("link", name="mart_period_forecast", exact=True)
    for _ in range(60):
        seen.page.goto(f"{company.address}/lineage/")
        if link.count():
            break
        seen.page.wait_for_timeout(10_000)
    link.click()
    seen.page.get_by_role("link", name="won", exact=True).click()
    expect(seen.page.locator("svg rect.asked title")).to_have_text("mart_period_forecast.won")
    assert any(name.startswith(("landing.", "scores.")) for name in seen.page.locator("svg title").all_text_contents())
    seen.page.context.close()


def test_neither_is_shown_to_anybody_who_is_not_signed_in(company: Company) -> None:
    with httpx.Client(base_url=company.address, trust_env=False) as client:
        for place in ("/access/", "/lineage/", "/lineage/mart_period_forecast"):
            assert client.get(place).headers["location"].startswith("/login/"), place
