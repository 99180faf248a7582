"""The managers' page as a manager uses it: on a phone, in Chinese, signed in with a reader's login."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from config.settings import ROOT, child_environment, settings
from tests.warehouse.calls import DAY, publish_forecast
from tests.warehouse.nights import MODEL, Nights
from warehouse import readers

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def company(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """A published company with a manager of region N."""
    nights = Nights(tenant_database)
    nights.execute("ml", MODEL.format(name="win-1", as_of="2026-01-01"))
    publish_forecast(nights)
    readers.add("manager_n", ["N"], tmp_path_factory.mktemp("passwords") / "manager_n")
    yield nights
    readers.remove("manager_n")


@pytest.fixture(scope="module")
def password(company: Nights, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The manager's password."""
    path = tmp_path_factory.mktemp("password") / "manager_n"
    readers.add("manager_n", ["N"], path)
    return path.read_text("utf-8").strip()


@pytest.fixture(scope="module")
def address(company: Nights) -> Iterator[str]:
    """Where the page is served, on the day after the published one."""
    now = settings()
    env = child_environment(pg_host=now.pg_host, pg_port=str(now.pg_port), tenant=now.tenant) | {
        "LANDFALL_PG_PASSFILE": str(now.pg_passfile)
    }
    today = (DAY + timedelta(days=1)).isoformat()
    command = [sys.executable, "-m", "warehouse.submissions", "serve", "--port", "0", "--day", today]
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = process.stdout.readline()
        assert "listens on http://127.0.0.1:" in said, said
        yield said.split()[-1]
        process.terminate()


def sign_in(phone: Page, address: str, password: str) -> None:
    """Open the page and sign in."""
    phone.goto(address)
    phone.get_by_label("账号").fill("manager_n")
    phone.get_by_label("密码").fill(password)
    phone.get_by_role("button", name="登录").click()


def test_a_manager_submits_and_adjusts_a_deal_and_both_stand_beside_the_unchanged_baseline(
    phone: Page, address: str, password: str, company: Nights
) -> None:
    sign_in(phone, address, password)
    node, deal = phone.locator("[data-node=N]"), phone.locator("[data-deal='O-1']")
    expect(node).to_contain_text("600.00")
    expect(node).to_contain_text("480.00 – 720.00")
    expect(node).to_contain_text("（2 人中 2 人未提报）")
    expect(deal).to_contain_text("上海甲公司 <b>产线</b>")
    expect(phone.get_by_text("本周截止：周一 12:00")).to_be_visible()
    assert phone.locator("[data-node=S], [data-deal='O-3']").count() == 0, "another region's rows"
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"

    node.get_by_label("您的数字").fill("650.50")
    deal.get_by_label("您的数字").fill("0")
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_role("alert").first).to_contain_text("节点 N：650.50 与基线 600.00 不同，请填写理由")
    assert company.fetch("checker", "select count(*) from ops.submissions") == [(0,)]

    phone.locator("[data-node=N]").get_by_label("理由").fill("两单提前")
    phone.locator("[data-deal='O-1']").get_by_label("理由").fill("预算冻结")
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_role("status")).to_contain_text("已保存 2 个数字")
    expect(phone.locator("[data-node=N]")).to_contain_text(
        "650.50 · 两单提前 （逾期）"
    )  # on Tuesday, after Monday's noon
    columns = "node_id, opportunity_id, baseline::text, gross_amount::text, said_by, door"
    said = f"select {columns} from ops.submissions order by 1, 2 nulls first"
    assert company.fetch("checker", said) == [
        ("N", None, "600.00", "650.50", "manager_n", "page"),
        ("N", "O-1", "100.00", "0.00", "manager_n", "page"),
    ]
    assert company.fetch("checker", "select mean::text from published.mart_period_forecast where node_id = 'N'") == [
        ("600.00",)
    ]
    folder = os.environ.get("TEST_SCREENSHOTS")
    if folder:
        phone.screenshot(path=Path(folder) / "submissions.png", full_page=True)


def test_a_wrong_password_shows_nothing_and_five_of_them_make_the_login_wait(phone: Page, address: str) -> None:
    with httpx.Client(base_url=address, trust_env=False) as client:
        answers = [
            client.post("/sign-in", data={"login": "nobody_here", "password": "wrong"}).status_code for _ in range(6)
        ]
    assert answers == [403] * 5 + [429]
    sign_in(phone, address, "wrong")
    expect(phone.get_by_role("alert")).to_contain_text("账号或密码不对")
    assert phone.locator("[data-node]").count() == 0


def test_a_form_without_the_sessions_token_is_refused(address: str, password: str, company: Nights) -> None:
    before = company.fetch("checker", "select count(*) from ops.submissions")
    with httpx.Client(base_url=address, trust_env=False) as client:
        assert client.post("/submit", data={"n:N": "1", "r:N": "x"}).status_code == 403
        client.post("/sign-in", data={"login": "manager_n", "password": password})
        assert client.post("/submit", data={"token": "guessed", "n:N": "1", "r:N": "x"}).status_code == 403
        shown = client.get("/")
    assert "data-node" in shown.text
    assert shown.headers["content-security-policy"].startswith("default-src 'none'")
    assert company.fetch("checker", "select count(*) from ops.submissions") == before
