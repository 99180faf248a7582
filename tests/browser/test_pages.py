"""The pages in a browser: every chart paints, numbers are the marts', each person gets the own part, nothing is called outside.

The company is that of `company.py`.
"""

import json
import os
import secrets
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.browser.company import Company
from tests.browser.visits import DESK, PHONE, visit

pytestmark = pytest.mark.soak
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


def test_what_a_page_asks_again_at_once_is_answered_without_a_query_and_columns_are_kept_by_the_browser(
    chromium: Browser, company: Company
) -> None:
    """Two charts of P1 were asked of PostgreSQL at every view, and the default schema by a connection of its own twice a chart."""
    seen = visit(chromium, company, "vp", "p1", DESK)
    bodies = [json.loads(answer.request.post_data or "{}") for answer in seen.answers]
    with closing(company.signed_in("vp")) as client:
        for body in bodies:
            first, second = (
                [each["cached_dttm"] for each in client.post("/api/v1/chart/data", json=body).json()["result"]]
                for _ in range(2)
            )
            assert first == second, body["form_data"]
            assert all(second), body["form_data"]
        kept = client.get("/api/v1/dashboard/p1/datasets")
    assert kept.headers["cache-control"] == "private, max-age=300"
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
