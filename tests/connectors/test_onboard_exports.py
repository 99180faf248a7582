"""Exports of a list page become a mapping by which a night reads them: recognised by headings, and no past forecast sees the present."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import settings
from connectors.extract import extract
from connectors.onboard_exports import onboard_files
from warehouse.connection import connect
from warehouse.steps import StepError

DEALS = (
    "商机编号,商机名称,客户名称,负责人,销售阶段,预计金额(万元),预计成交日期,创建时间,结单时间\n"
    "D-1,冲压线,东瑞,李娜,赢单,12.5,2026/5/1,2026/1/5 9:03,2026/4/2 10:00\n"
    'D-2,机器人,海瑞,王强,输单,"1,200",2026/6/1,2026/2/1 8:00,2026/3/1 9:30\n'
    "D-3,软件,联德,李娜,方案报价,30,2026/7/31,2026/3/3 11:11,\n"
    "D-4,备件,联德,李娜,等待批复,7,2026/7/31,2026/3/4 11:11,\n"
    "D-5,备件,博远,王强,需求确认,8,2026/7/31,,\n"
)
CONTACTS = (
    "商机编号,跟进方式,方向,跟进时间,备注\nD-3,电话,我方发起,2026/5/4 9:00,\nD-3,上门拜访,客户来访,2026/5/5 9:00,好\n"
)
LOG = "商机编号,变更前阶段,变更后阶段,变更时间\nD-3,线索挖掘,需求确认,2026-03-09 10:00\nD-3,需求确认,方案报价,2026-04-09 10:00\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of exports as an office PC writes them, and a place for the mapping."""
    monkeypatch.setenv("LANDFALL_TENANTS_DIR", str(tmp_path / "tenants"))
    settings.cache_clear()
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "商机.csv").write_text(DEALS, "gb18030")
    (exports / "跟进记录.csv").write_text(CONTACTS, "gb18030")
    (exports / "客户.csv").write_text("客户名称,行业\n东瑞,机械\n", "utf-8")
    yield exports
    settings.cache_clear()


@pytest.fixture
def onboard(folder: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """onboard(*chosen, **switches): the mapping that is written."""

    def run(*chosen: str, dry_run: bool = False, is_forced: bool = False) -> dict[str, Any]:
        onboard_files(folder, "own", "CNY", chosen, dry_run=dry_run, is_forced=is_forced)
        path = tmp_path / "tenants" / "own" / "files.yml"
        return dict(yaml.safe_load(path.read_text("utf-8"))) if path.exists() else {}

    return run


def test_what_is_doubtful_is_named(onboard: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    mapping = onboard()
    said = capsys.readouterr().out
    assert "opportunities: 商机.csv, 5 rows" in said
    assert "doubtful: 等待批复 tells no stage" in said
    assert "doubtful: 1 rows without 创建时间 are left out" in said
    assert "not used: 客户.csv" in said
    assert mapping["stage_map"]["*"] == {
        "赢单": "WON",
        "输单": "LOST",
        "方案报价": "S3",
        "需求确认": "S2",
        "(created)": "S1",
    }
    assert mapping["interaction_kinds"] == {"电话": "call", "上门拜访": "visit"}


def test_a_dry_run_writes_nothing_and_a_mapping_is_not_overwritten(onboard: Callable[..., dict[str, Any]]) -> None:
    assert onboard(dry_run=True) == {}
    assert onboard()
    with pytest.raises(StepError, match="give --force"):
        onboard()
    assert onboard(is_forced=True)


def test_a_folder_without_deals_says_what_the_nearest_file_lacks(
    onboard: Callable[..., dict[str, Any]], folder: Path
) -> None:
    (folder / "商机.csv").write_text(DEALS.replace("创建时间", "甲").replace("销售阶段", "乙"), "gb18030")
    with pytest.raises(
        StepError, match=r"(?s)nearest is 商机\.csv.*stage: without it.*created_at: without it.*--field"
    ):
        onboard()
    assert (
        onboard("opportunities.stage=乙", "opportunities.created_at=甲")["streams"]["opportunities"][0]["changed_at"]
        == "甲"
    )


@pytest.mark.parametrize(("chosen", "told"), [
    ("opportunities.amount=没有这一列", "no file has a column 没有这一列"),
    ("opportunities.price=预计金额(万元)", "opportunities.price is no field of ours"),
])  # fmt: skip
def test_a_decision_that_names_nothing_is_refused(
    onboard: Callable[..., dict[str, Any]], chosen: str, told: str
) -> None:
    with pytest.raises(StepError, match=told):
        onboard(chosen)


def test_the_present_is_known_from_the_closing_or_the_day_of_reading_on(
    onboard: Callable[..., dict[str, Any]], folder: Path, tenant_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:  # fmt: skip
    onboard()
    monkeypatch.setenv("LANDFALL_INPUT_DIR", str(folder))
    monkeypatch.setenv("LANDFALL_MAPPING", str(tmp_path / "tenants" / "own" / "files.yml"))
    settings.cache_clear()
    extract(date(2026, 5, 20))
    with connect("loader") as connection:
        rows = connection.execute(
            "select record_id, (changed_at at time zone 'Asia/Shanghai')::text, record ->> 'stage', record ->> 'amount',"
            " record ->> 'expected_close_on' from landing.files__opportunities order by record_id, changed_at"
        ).fetchall()
        contacts = connection.execute(
            "select record ->> 'direction', record ->> 'occurred_at' from landing.files__interactions order by 2"
        ).fetchall()
    assert rows == [
        ("D-1", "2026-01-05 09:03:00", "(created)", None, None),
        ("D-1", "2026-04-02 10:00:00", "赢单", "125000.0", "2026-05-01"),
        ("D-2", "2026-02-01 08:00:00", "(created)", None, None),
        ("D-2", "2026-03-01 09:30:00", "输单", "12000000", "2026-06-01"),
        ("D-3", "2026-03-03 11:11:00", None, None, None),
        ("D-3", "2026-05-20 00:00:00", "方案报价", "300000", "2026-07-31"),
        ("D-4", "2026-03-04 11:11:00", None, None, None),
        ("D-4", "2026-05-20 00:00:00", "等待批复", "70000", "2026-07-31"),
    ]
    assert contacts == [("out", "2026-05-04T09:00:00+08:00"), ("in", "2026-05-05T09:00:00+08:00")]


def test_a_stage_log_tells_the_stages_where_there_is_one(onboard: Callable[..., dict[str, Any]], folder: Path) -> None:
    (folder / "阶段变更.csv").write_text(LOG, "utf-8")
    mapping = onboard()
    (log,) = (
        mapping["streams"]["stage_changes"]
        if isinstance(mapping["streams"]["stage_changes"], list)
        else [mapping["streams"]["stage_changes"]]
    )
    assert (log["file"], log["fields"]["stage"], log["fields"]["changed_at"]) == (
        "阶段变更.csv",
        "变更后阶段",
        "变更时间",
    )
    assert all(
        "stage" not in part["fields"] and "stage" not in part["constants"]
        for part in mapping["streams"]["opportunities"]
    )


def test_a_real_crms_export_is_recognised(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    maven = Path(__file__).resolve().parents[3] / "shared" / "data" / "maven_crm"
    if not maven.exists():
        pytest.skip("the real data set maven_crm is not beside the working copy")
    onboard_files(maven, "maven", "USD", [], dry_run=False, is_forced=False)
    said = capsys.readouterr().out
    assert "opportunities: sales_pipeline.csv.gz, 8,800 rows" in said
    assert "stages: Won → WON, Engaging → S2, Lost → LOST, Prospecting → S1" in said
    assert "500 rows without engage_date are left out" in said
