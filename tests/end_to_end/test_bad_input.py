"""Bad input, through the commands that people type: one clear sentence, nothing lost, and the line goes on once it is mended."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from config.settings import settings
from tests.end_to_end.conftest import LineMaker
from tests.end_to_end.line import ROOT, Line
from tests.end_to_end.tables import hashes, one
from warehouse.clock import cutoff
from warehouse.frames import fetch_all

pytestmark = pytest.mark.slow
SUNDAY = date(2026, 6, 28)
HEAD = {
    "deals.csv": "编号,客户,金额,创建\n",
    "stages.csv": "流水,编号,阶段,时间\n",
}
ROWS = {
    "deals.csv": "O-1,云岭,100.50,2026-06-01 09:00\nO-2,海联,80,2026-06-02 10:00\n",
    "stages.csv": "1,O-1,new,2026-06-01 09:00\n2,O-2,new,2026-06-02 10:00\n",
}
MAPPING = """
tenant: {tenant}
name: two deals in two files
time_zone: Asia/Shanghai
base_currency: CNY
stages:
  S1: {{name_zh: 开始, name_en: Start, stage_order: 1, set_rate: 0.1, outcome: open, reason: a guess}}
stage_map: {{"*": {{new: S1}}}}
streams:
  opportunities:
    file: deals.csv
    changed_at: 创建
    fields: {{id: 编号, account_name: 客户, amount: 金额, created_at: 创建}}
  stage_changes:
    file: stages.csv
    fields: {{id: 流水, opportunity_id: 编号, stage: 阶段, changed_at: 时间}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def steer(line: Line, path: str, body: object) -> Any:
    """POST to one of the sandbox's own endpoints."""
    request = Request(f"{line.crm_address()}/sandbox/{path}", data=json.dumps(body).encode())  # noqa: S310 - loopback
    with urlopen(request, timeout=60) as reply:  # noqa: S310 - loopback
        return json.load(reply)


def look_at(line: Line) -> Iterator[Line]:
    """The line, with this process's settings pointing at its database."""
    patch = pytest.MonkeyPatch()
    for key, value in line.env().items():
        if key.startswith("LANDFALL_") and key != "LANDFALL_TEST_OUTSIDE":
            patch.setenv(key, value)
    settings.cache_clear()
    yield line
    patch.undo()
    settings.cache_clear()


def standing() -> tuple[object, ...]:
    """What bad input may not change: landed rows, watermarks, the published build."""
    marks = fetch_all("checker", "select stream, watermark from ops.watermarks order by 1")
    return hashes(("landing",)), marks, fetch_all("checker", "select build_id from ops.published_build")


@pytest.fixture(scope="module")
def _company(new_line: LineMaker) -> Line:
    """A company with a published build of Sunday and three accepted working days after it; Thursday is still to be read."""
    line = new_line("troubled", SANDBOX_DAY=SUNDAY.isoformat(), SANDBOX_SCALE="0.2")
    line.day = SUNDAY
    line.night(SUNDAY)
    for _ in range(3):
        line.advance()
        for step in ("extract", "gate_landing"):
            result = line.step(step, line.day)
            assert result.returncode == 0, result.output
    line.advance()
    return line


@pytest.fixture
def company(_company: Line) -> Iterator[Line]:
    yield from look_at(_company)


def test_a_wrong_password_is_named_and_not_shown(company: Line) -> None:
    before = standing()
    result = company.step("extract", company.day, FXIAOKE_APP_SECRET="Wr0ng-secret")
    told = "Fxiaoke refused the app secret (10006): correct LANDFALL_FXIAOKE_APP_SECRET, then rerun"
    assert (result.returncode, result.output.strip().splitlines()[-1]) == (1, told)
    assert "Wr0ng" not in result.output
    assert standing() == before


def test_a_crm_that_is_down_is_named_with_its_address_setting(company: Line) -> None:
    before, port = standing(), free_port()
    result = company.step("extract", company.day, FXIAOKE_BASE_URL=f"http://127.0.0.1:{port}")
    last = result.output.strip().splitlines()[-1]
    assert (result.returncode, f"fxiaoke at http://127.0.0.1:{port} cannot be reached" in last) == (1, True), last
    assert "check that Fxiaoke is up and LANDFALL_FXIAOKE_BASE_URL is right, then rerun" in last
    assert "Traceback" not in result.output
    assert standing() == before


@pytest.mark.parametrize(
    "step", ["extract", "gate_landing", "features", "train", "score", "marts", "publish", "write_back"]
)
def test_postgres_down_is_one_sentence_at_every_kind_of_step(company: Line, step: str) -> None:
    port = free_port()
    result = company.step(step, company.day, PG_PORT=str(port))
    assert (result.returncode, "Traceback" in result.output) == (1, False), result.output[-2000:]
    last = result.output.strip().splitlines()[-1]
    assert last.startswith(f"PostgreSQL at 127.0.0.1:{port}/landfall_e2e_troubled cannot be used"), last
    assert last.endswith("start it or correct LANDFALL_PG_HOST and LANDFALL_PG_PORT, then rerun"), last


def test_a_database_that_goes_away_in_the_middle_of_a_step_is_one_sentence(new_line: LineMaker) -> None:
    line = new_line("gone", is_sandbox=False)
    code = """
import time
from warehouse.connection import connect
from warehouse.steps import run_cli

def step():
    connection = connect("ml", autocommit=True)
    connection.execute("set idle_session_timeout = 1")  # milliseconds until the server ends this session
    time.sleep(0.5)
    connection.execute("select 1")

run_cli(step)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=line.env(), cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert done.stderr.startswith("PostgreSQL could not go on (")  # with the server's last words, where they still came
    assert "then rerun; nothing is half done" in done.stderr


def test_an_empty_answer_is_blocked_the_watermark_stays_and_readers_keep_the_last_build(company: Line) -> None:
    before = standing()
    steer(company, "faults", [{"kind": "empty", "object": "ActiveRecordObj", "endpoint": "query"}])
    company.ask("connectors", "extract", "--as-of", company.day.isoformat())
    result = company.step("gate_landing", company.day)
    assert result.returncode == 3, result.output
    assert "fxiaoke.activity_records" in result.output
    assert "an empty answer is not no data" in result.output
    assert standing()[1:] == before[1:]
    screen = company.ask("nightly", "summary", "--as-of", company.day.isoformat())
    assert f"{company.day} 没有发布；下面是最近一次发布的 {SUNDAY}" in screen
    assert f"make nightly AS_OF={company.day}" in screen

    steer(company, "faults", [])
    company.ask("connectors", "extract", "--as-of", company.day.isoformat())
    assert company.step("gate_landing", company.day).returncode == 0
    day_before = cutoff(company.day - timedelta(days=1))
    assert one("select count(*) > 20 from landing.fxiaoke__activity_records where known_at > %s", day_before) == (True,)
    assert one("select watermark from ops.watermarks where stream = 'activity_records'") == (cutoff(company.day),)


def test_an_unknown_stage_lands_counts_in_no_stage_and_is_named(company: Line) -> None:
    (deal,) = one("select opportunity_id from published.mart_open_opportunities order by 1 limit 1")
    change = {"op": "update", "fields": {"sales_stage": "brand_new"}}
    steer(company, "patch", {"object": "NewOpportunityObj", "id": deal, **change})
    company.advance()
    for step in ("extract", "gate_landing", "features", "gate_features"):
        result = company.step(step, company.day)
        assert result.returncode == 0, result.output
    assert one("select record ->> 'sales_stage' from landing.fxiaoke__opportunities where record_id = %s"
               " order by changed_at desc, known_at desc limit 1", deal) == ("brand_new",)  # fmt: skip
    assert one("select stage_code, stage_set_rate from features.opportunity_features where opportunity_id = %s and as_of_date = %s",
               deal, company.day) == (None, None)  # fmt: skip
    assert "|brand_new" in result.output
    assert "add the value to the stage map" in result.output
    assert "|brand_new" in company.ask("nightly", "summary", "--as-of", company.day.isoformat())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sound files and their mapping."""
    for name, head in HEAD.items():
        (tmp_path / name).write_text(head + ROWS[name], "utf-8")
    return tmp_path


@pytest.fixture
def files(new_line: LineMaker, folder: Path, request: pytest.FixtureRequest) -> Iterator[Line]:
    """A tenant of its own for each test that reads the two files."""
    tenant = "f_" + request.node.originalname.removeprefix("test_")[:20]
    (folder / "mapping.yml").write_text(MAPPING.format(tenant=f"e2e_{tenant}"), "utf-8")
    mapping = str(folder / "mapping.yml")
    line = new_line(tenant, is_sandbox=False, history="none", INPUT_DIR=str(folder), MAPPING=mapping, WRITEBACK="csv")
    yield from look_at(line)


def test_a_missing_column_is_named_with_those_there_are(files: Line, folder: Path) -> None:
    (folder / "deals.csv").write_text("编号,客户,创建\nO-1,云岭,2026-06-01 09:00\n", "utf-8")
    result = files.step("extract", SUNDAY)
    last = result.output.strip().splitlines()[-1]
    told = "deals.csv has no column '金额': it has 编号, 客户, 创建; correct the export or the mapping, then rerun"
    assert (result.returncode, last.endswith(told)) == (1, True), last
    assert "has no column '金额'" in files.command("connectors", "check").output
    assert one("select count(*) from landing.files__opportunities") == (0,)

    (folder / "deals.csv").write_text(HEAD["deals.csv"] + ROWS["deals.csv"], "utf-8")
    assert files.step("extract", SUNDAY).returncode == 0
    assert one("select count(*) from landing.files__opportunities") == (2,)


def test_another_encoding_is_refused_with_the_setting_to_change(files: Line, folder: Path) -> None:
    (folder / "deals.csv").write_text(HEAD["deals.csv"] + ROWS["deals.csv"], "gb18030")
    result = files.step("extract", SUNDAY)
    last = result.output.strip().splitlines()[-1]
    assert (result.returncode, "deals.csv is not utf-8" in last) == (1, True), last
    assert "set `encoding: gb18030` for it in the mapping" in last
    assert one("select count(*) from landing.files__opportunities") == (0,)

    mapping = (folder / "mapping.yml").read_text("utf-8")
    (folder / "mapping.yml").write_text(mapping.replace("file: deals.csv", "file: deals.csv\n    encoding: gb18030"))
    assert files.step("extract", SUNDAY).returncode == 0
    assert one("select record ->> 'account_name' from landing.files__opportunities where record_id = 'O-1'") == ("云岭",)  # fmt: skip


def test_a_file_that_lost_its_rows_is_blocked_and_keeps_what_landed(files: Line, folder: Path) -> None:
    for step in ("extract", "gate_landing"):
        assert files.step(step, SUNDAY).returncode == 0
    before = standing()
    (folder / "stages.csv").write_text(HEAD["stages.csv"], "utf-8")
    monday = SUNDAY + timedelta(days=1)
    assert files.step("extract", monday).returncode == 0
    result = files.step("gate_landing", monday)
    assert (result.returncode, "files.stage_changes" in result.output) == (3, True), result.output
    assert standing() == before
