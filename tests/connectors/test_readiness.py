"""The readiness report: each symptom planted in a clean export is measured, alone, with its count; a clean one scores well."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.settings import settings
from connectors.readiness import measured, readiness
from connectors.readiness_page import TIERS, Report, text
from connectors.readiness_words import WORDS
from ml.model import FULL_FROM, SMALL_FROM
from warehouse.steps import StepError

HEAD = "商机编号,客户名称,负责人,销售阶段,预计金额,预计成交日期,创建时间,结单时间"
AS_OF = date(2026, 5, 20)
Rows = list[list[str]]
Plant = Callable[[Rows, Path], None]
DEALS = 240


def clean() -> Rows:
    """Deals of 24 months: every third is won within its month, a few days off the expected day; the newest are open."""
    rows = []
    for n in range(DEALS):
        created = date(2024, 6, 1) + timedelta(days=3 * n)
        expected = (created + timedelta(days=70)).replace(day=12)
        closed = expected + timedelta(days=1 + n % 7)
        is_open = closed > AS_OF
        stage = "方案报价" if is_open else "赢单" if n % 3 == 0 else "输单"
        due = AS_OF + timedelta(days=1 + n % 90) if is_open else expected
        rows.append([
            f"D-{n}", f"客户{chr(0x4E00 + n)}", f"销售{n % 5}", stage, f"{100_000 + 1000 * (n % 50)}", f"{due}", f"{created} 09:00",
            "" if is_open else f"{closed} 10:00",
        ])  # fmt: skip
    return rows


def of(rows: Rows, stage: str) -> Rows:
    return [row for row in rows if row[3] == stage]


def by_hand(rows: Rows, folder: Path) -> None:
    """An eighth typed as people do, a row of totals, and a second list of every sixth deal."""
    for row in rows[::8]:
        row[5] = row[5].replace("-", "/")
    (folder / "周报.csv").write_text("\n".join([HEAD, *(",".join(row) for row in rows[::6])]), "gb18030")


def late(rows: Rows, _: Path) -> None:
    """Every other win entered on the day it closed, every other open deal past its date."""
    for row in of(rows, "赢单")[::2]:
        row[6] = row[7]
        row[5] = row[7].split(" ")[0]
    for row in of(rows, "方案报价")[::2]:
        row[5] = "2026-05-19"


def wrong(rows: Rows, _: Path) -> None:
    """Eight kinds of error, five rows each."""
    for row in rows[:5]:
        row[4] = ""
    for row in rows[10:15]:
        row[4] = "-1"
    for row in rows[20:25]:
        row[2] = ""
    for row in rows[30:35]:
        row[3] = "等待批复"
    for row in rows[40:45]:
        row[5] = "2020-01-01"
    for row in rows[50:55]:
        row[6] = "2026-13-45 09:00"
    for n, row in enumerate(rows[60:65]):
        row[0] = rows[70 + n][0]


def disputed(rows: Rows, _: Path) -> None:
    """Won by another word, one customer in two spellings, open deals with a closing date."""
    for row in of(rows, "赢单")[::4]:
        row[3] = "已签约"
    for n in range(0, 40, 2):
        rows[n][1], rows[n + 1][1] = f"东瑞{n}(上海)有限公司", f"东瑞{n}（上海）"
    for row in of(rows, "方案报价")[:6]:
        row[7] = "2026-05-01 10:00"


def slipping(rows: Rows, _: Path) -> None:
    """Every second win was promised for the month before it landed in."""
    for row in of(rows, "赢单")[::2]:
        promised = date.fromisoformat(row[5]) - timedelta(days=31)
        row[5] = f"{promised}"


PLANTED: dict[str, tuple[Plant, dict[str, int]]] = {
    "manual": (by_hand, {"other_form": 40, "second_list": 80}),
    "lag": (late, {"entered_late": 37, "past_due": 10}),
    "errors": (wrong, {"no_amount": 5, "not_above_zero": 5, "no_owner": 5, "unknown_stage": 5, "id_twice": 10}),
    "definitions": (disputed, {"customer_spelt_otherwise": 40, "open_with_closing": 6}),
    "deviation": (slipping, {}),
}


@pytest.fixture
def measure(tmp_path: Path) -> Callable[..., Report]:
    """The report of a clean export with one thing planted in it."""

    def run(plant: Plant | None = None, rows: Rows | None = None, as_of: date = AS_OF) -> Report:
        folder = tmp_path / "exports"
        folder.mkdir(exist_ok=True)
        rows = clean() if rows is None else rows
        if plant:
            plant(rows, folder)
        (folder / "商机.csv").write_text("\n".join([HEAD, *(",".join(row) for row in rows)]), "gb18030")
        return measured(folder, as_of, [])

    return run


@pytest.fixture
def lang(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def choose(code: str) -> None:
        monkeypatch.setenv("LANDFALL_LANG", code)
        settings.cache_clear()

    yield choose
    settings.cache_clear()


def test_a_clean_export_scores_well_in_all_five_and_needs_no_upgrade(measure: Callable[..., Report]) -> None:
    report = measure()
    assert {each.name: each.score for each in report.symptoms} == dict.fromkeys(PLANTED, 100)
    assert "不需要升级" in text(report, "zh")
    assert (report.won, report.lost, report.tier) == (74, 146, "small_model")


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_symptom_is_measured_and_the_others_are_not_blamed(name: str, measure: Callable[..., Report]) -> None:
    plant, counts = PLANTED[name]
    found = {each.name: each for each in measure(plant).symptoms}
    assert (found[name].score or 0) < 50, found[name]
    assert {sign: found[name].signs[sign] for sign in counts} == counts
    assert {other: each.score for other, each in found.items() if other != name and (each.score or 0) < 80} == {}


def test_a_list_of_past_forecasts_is_believed_before_close_dates(
    measure: Callable[..., Report], tmp_path: Path
) -> None:
    """Eight quarters, each forecast 30 % too high: the whole is too high by 30 %, every period one-sided."""

    def forecasts(_: Rows, folder: Path) -> None:
        lines = [f"{2024 + n // 4}Q{n % 4 + 1},{1_300_000 + 13_000 * n},{1_000_000 + 10_000 * n}" for n in range(8)]
        (folder / "预测.csv").write_text("\n".join(["季度,预测金额,实际金额", *lines]), "utf-8")

    (deviation,) = (each for each in measure(forecasts).symptoms if each.name == "deviation")
    assert deviation.signs == {"periods_too_high": 8, "periods_too_low": 0}
    assert deviation.figure == pytest.approx(0.3)


def test_of_a_list_of_forecasts_one_odd_cell_leaves_out_its_row_alone_and_a_total_is_no_period(
    measure: Callable[..., Report], tmp_path: Path
) -> None:
    """The list was dropped for one cell, and its total counted as a ninth period."""

    def forecasts(_: Rows, folder: Path) -> None:
        lines = [f'{2024 + n // 4}Q{n % 4 + 1},"¥{1_300_000:,}",1000000元' for n in range(8)]
        lines += ["2026Q1,约130万,1000000", "2026Q2,1300000,", '合计,"10,400,000","8,000,000"']
        (folder / "预测.csv").write_text("\n".join(["季度,预测金额,实际金额", *lines]), "utf-8")

    report = measure(forecasts)
    (deviation,) = (each for each in report.symptoms if each.name == "deviation")
    assert (deviation.signs["periods_too_high"], deviation.rows) == (8, 8)
    assert deviation.figure == pytest.approx(0.3)
    assert deviation.left_out == ("预测.csv 2026Q1",)
    assert "无法读取、未计入：预测.csv 2026Q1" in text(report, "zh")
    assert "left out, since a cell is no amount: 预测.csv 2026Q1" in text(report, "en")


def test_expected_days_that_closing_wrote_over_measure_nothing_and_say_so(measure: Callable[..., Report]) -> None:
    def overwrite(rows: Rows, _: Path) -> None:
        for row in of(rows, "赢单"):
            row[5] = row[7].split(" ")[0]

    report = measure(overwrite)
    assert report.symptoms[-1].score is None
    assert "add a list of periods, forecasts and actuals" in text(report, "en")


def test_the_rule_without_a_system_is_worked_out_by_hand(measure: Callable[..., Report], tmp_path: Path) -> None:
    """Wins of 100, 100, 100, 130, 70, 100, 100 thousand in seven months: 30, 40, 0 and 0 thousand off in 400."""
    amounts = (100, 100, 100, 130, 70, 100, 100)
    rows = [
        [f"D-{n}", f"客户{n}", "李", "赢单", f"{k}000", f"2025-{n + 1:02}-10", "2024-12-01 09:00", f"2025-{n + 1:02}-11 09:00"]
        for n, k in enumerate(amounts)
    ]  # fmt: skip
    found = measure(rows=rows, as_of=date(2025, 8, 1)).rule
    assert found.wape == pytest.approx((30 + 40 + 0 + 0) / 400)
    assert found.months == 4


def test_the_page_says_the_same_in_both_languages_and_carries_its_figures(
    tmp_path: Path, lang: Callable[[str], None], measure: Callable[..., Report]
) -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()
    measure(wrong)
    for code in ("zh", "en"):
        lang(code)
        report = readiness(tmp_path / "exports", tmp_path / code, AS_OF, [])
        page, plain = ((tmp_path / code / f"readiness.{kind}").read_text("utf-8") for kind in ("html", "txt"))
        shown = re.sub(r"<style>.*?</style>|<[^>]+>", "", page)
        for each in report.symptoms:
            for wanted in (WORDS[code][each.name], f"{each.figure:.1%}", WORDS[code][f"{each.name}.do"]):
                assert wanted in plain
                assert wanted in shown.replace("&#x27;", "'")
        assert "http" not in page.replace("<!doctype html>", "")


def test_tiers_are_those_of_the_model() -> None:
    assert [fewest for fewest, _ in TIERS] == [FULL_FROM, SMALL_FROM, 0]


def test_a_folder_without_deals_is_refused_with_what_the_nearest_file_lacks(tmp_path: Path) -> None:
    (tmp_path / "客户.csv").write_text("客户名称,行业\n东瑞,机械\n", "utf-8")
    with pytest.raises(StepError, match=r"no file is one of deals"):
        measured(tmp_path, None, [])
