"""The pages in a browser: every chart paints, numbers are the marts', each person gets the own part, nothing is called outside.

The company is that of `company.py`.
"""

import json
import os
import secrets
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Response, ViewportSize, expect

from tests.browser.company import Company

pytestmark = pytest.mark.soak
DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
PAGES = [
    ("p1", DESK),
    ("p2", DESK),
    ("p3", DESK),
    ("p4", DESK),
    ("p5", DESK),
    ("p8", DESK),
    ("p1-mobile", PHONE),
    ("p3-mobile", PHONE),
]


DEALS = (
    "member_name",
    "opportunity_name",
    "owner_name",
    "stage_name",
    "expected_close_on",
    "open",
    "p",
    "expected",
)


def is_asked(answer: Response, columns: tuple[str, ...], member: str) -> bool:
    """Whether an answer is that of the chart with those columns, for one member alone."""
    if "/api/v1/chart/data" not in answer.url:
        return False
    query = json.loads(answer.request.post_data or "{}")["queries"][0]
    asked = {column for column in query["columns"] if isinstance(column, str)}
    return set(columns[:5]) <= asked and [member] in [each["val"] for each in query["filters"]]


@dataclass
class Visit:
    """A page that was opened: what its charts were answered, and whom it called outside."""

    page: Page
    answers: list[Response]
    outside: list[str]

    def rows(self, *columns: str) -> list[dict[str, Any]]:
        """Rows of the newest answer that has exactly those columns."""
        for answer in reversed(self.answers):
            for result in answer.json()["result"]:
                if list(columns) == result["colnames"]:
                    return list(result["data"])
        raise AssertionError(f"no chart was answered with {columns}")


def visit(chromium: Browser, company: Company, person: str, slug: str, size: ViewportSize) -> Visit:
    """Sign in as a person and wait until the page's charts are there."""
    context = chromium.new_context(viewport=size, locale="zh-CN", is_mobile=size == PHONE)
    made = Visit(context.new_page(), [], [])
    made.page.on("response", lambda answer: made.answers.append(answer) if "/api/v1/chart/data" in answer.url else None)
    made.page.on(
        "requestfinished", lambda said: made.outside.append(said.url) if company.address not in said.url else None
    )
    made.page.goto(f"{company.address}/login/")
    fields = made.page.locator("input:visible")
    fields.nth(0).fill(person)
    fields.nth(1).fill(company.password(person))
    made.page.keyboard.press("Enter")
    made.page.wait_for_url(lambda url: "login" not in url)
    made.page.wait_for_load_state("networkidle")  # the page after the sign-in would end our next navigation
    made.page.goto(f"{company.address}/superset/dashboard/{slug}/")
    height = 900 * 4
    made.page.set_viewport_size({"width": size["width"], "height": height})  # charts out of sight are not asked for
    made.page.wait_for_selector(".dashboard-component-chart-holder", timeout=120_000)
    made.page.wait_for_load_state("networkidle", timeout=120_000)
    expect(made.page.locator(".loading")).to_have_count(0, timeout=120_000)
    return made


@pytest.mark.parametrize(("slug", "size"), PAGES)
def test_every_chart_of_a_page_paints_and_phones_do_not_scroll_sideways(
    chromium: Browser, company: Company, slug: str, size: ViewportSize
) -> None:
    seen = visit(chromium, company, "vp", slug, size)
    assert [answer.text()[:300] for answer in seen.answers if answer.status != 200] == []
    assert seen.page.locator(".ant-alert-error").count() == 0
    assert seen.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert [url for url in seen.outside if not url.startswith(("data:", "blob:"))] == []
    folder = os.environ.get("TEST_SCREENSHOTS")
    if folder:
        seen.page.screenshot(path=Path(folder) / f"{slug}.png")
    seen.page.context.close()


@pytest.mark.parametrize("person", ["vp", "manager", "rep"])
def test_a_person_sees_the_own_node_first_and_its_numbers_are_the_marts(
    chromium: Browser, company: Company, person: str
) -> None:
    seen = visit(chromium, company, person, "p1", DESK)
    order = "array_position(array['company', 'region', 'team', 'rep'], node_level), node_name"
    won, target, name = company.fetch(
        person, f"select won, target, node_name from published.mart_period_forecast order by {order} limit 1"
    )[0]
    (shown,) = seen.rows("target", "sure", "won", "p50", "to_target", "p10", "p90")
    cent = Decimal("0.01")
    assert Decimal(str(shown["won"])).quantize(cent) == (won / 10_000).quantize(cent)
    if target is not None:
        assert Decimal(str(shown["target"])).quantize(cent) == (target / 10_000).quantize(cent)
    assert seen.page.locator(".filter-item-wrapper, [data-test='filter-bar']").first.get_by_text(name).count() > 0
    seen.page.context.close()


def test_a_click_on_a_region_leaves_the_deals_that_add_up_to_it(chromium: Browser, company: Company) -> None:
    seen = visit(chromium, company, "vp", "p1", DESK)
    region, from_open = company.fetch(
        "vp",
        "select node_name, from_open from published.mart_period_forecast where node_level = 'region' order by from_open desc limit 1",
    )[0]
    with seen.page.expect_response(lambda answer: is_asked(answer, DEALS, region)):
        seen.page.locator("table td", has_text=region).first.click()
    seen.page.wait_for_load_state("networkidle")
    deals = seen.rows(*DEALS)
    assert {deal["member_name"] for deal in deals} == {region}
    total = sum(Decimal(str(deal["expected"] or 0)) for deal in deals) * 10_000
    assert abs(total - from_open) <= Decimal("0.01") * len(deals)
    seen.page.context.close()


def test_nobody_who_is_not_signed_in_gets_a_row_and_a_wrong_password_is_refused(company: Company) -> None:
    with httpx.Client(base_url=company.address, trust_env=False) as client:
        assert client.get("/superset/dashboard/p1/").status_code in (302, 401, 403)
        assert client.get("/api/v1/dataset/").status_code == 401
        assert client.post("/api/v1/chart/data", json={}).status_code in (400, 401, 403)
        for name, word in (
            ("vp", secrets.token_hex(8)),
            ("vp", "vp"),
            ("admin", "admin"),
            ("pages_admin", "admin"),
            ("landfall_loader", ""),
        ):
            said = {"username": name, "password": word, "provider": "db"}
            assert client.post("/api/v1/security/login", json=said).status_code in (400, 401), name
        page = client.get("/login/")
    policy = page.headers["content-security-policy"]
    assert "img-src 'self' blob: data:;" in policy + ";"
    assert "frame-ancestors 'self' http://intranet.example;" in policy
    assert page.headers["x-content-type-options"] == "nosniff"


def test_the_servers_own_logins_are_not_people(company: Company) -> None:
    password = (company.home / "bi" / "passwords" / "superset_reader").read_text("utf-8").strip()
    with httpx.Client(base_url=company.address, trust_env=False) as client:
        said = {"username": "superset_reader", "password": password, "provider": "db"}
        assert client.post("/api/v1/security/login", json=said).status_code == 401
    assert json.loads((company.home / "bi" / "landfall.json").read_text("utf-8"))["secret_key"]
