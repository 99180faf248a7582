"""A person's visit to a page: signed in, every chart there, and what the charts were answered."""

import json
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page, Response, ViewportSize, expect

from tests.browser.company import Company

DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)


def asked(answer: Response) -> dict[str, Any]:
    """The query that a chart's answer is of; empty for any other answer."""
    if "/api/v1/chart/data" not in answer.url:
        return {}
    found: dict[str, Any] = json.loads(answer.request.post_data or "{}")["queries"][0]
    return found


def is_filtered(answer: Response, value: str) -> bool:
    """Whether an answer is that of a chart whose rows are filtered to one value."""
    return [value] in [each.get("val") for each in asked(answer).get("filters", [])]


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

    def all_rows(self, *columns: str) -> list[dict[str, Any]]:
        """As `rows`, of a list that comes page by page: the newest such question asked again, without its page."""
        for answer in reversed(self.answers):
            if list(columns) == answer.json()["result"][0]["colnames"]:
                body = json.loads(answer.request.post_data or "{}")
                listed, counted = body["queries"]
                body["queries"] = [listed | {"row_limit": counted["row_limit"], "row_offset": 0}, counted]
                token = {"X-CSRFToken": answer.request.headers["x-csrftoken"]}
                told = self.page.request.post(answer.url, data=body, headers=token).json()["result"]
                assert len(told[0]["data"]) == told[1]["data"][0]["rowcount"]
                return list(told[0]["data"])
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
