"""People's numbers through the workbook: kept beside the baseline with their reason, never in its place."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from config.settings import child_environment
from tests.warehouse.calls import DAY, publish_forecast
from tests.warehouse.nights import Nights
from warehouse.builds import inputs_digest
from warehouse.connection import connect
from warehouse.steps import StepError
from warehouse.submissions import take_in, template

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 5, 18, 9, 30, tzinfo=SHANGHAI)
Fill = Callable[..., Path]


@pytest.fixture(scope="module")
def company(nights: Nights) -> Nights:
    """A company whose forecast of Monday 18 May 2026 is published."""
    publish_forecast(nights)
    return nights


@pytest.fixture
def fill(company: Nights, tmp_path: Path) -> Iterator[Fill]:
    """fill({"N": (amount, reason)}, node="N"): a new workbook of the node with those lines filled in."""
    numbers = iter(range(100))

    def run(said: dict[str, tuple[object, str | None]], node: str = "N", week: date = DAY) -> Path:
        path = tmp_path / f"calls-{next(numbers)}.xlsx"
        template(path, node, week)
        book = load_workbook(path)
        for sheet in book.worksheets:
            columns = {str(cell.value).rsplit("· ", 1)[-1]: cell.column for cell in sheet[1]}
            for row in range(2, sheet.max_row + 1):
                key = sheet.cell(row, 1).value
                if key in said:
                    sheet.cell(row, columns["your_number"]).value, sheet.cell(row, columns["reason"]).value = said[key]
        book.save(path)
        return path

    yield run
    company.execute("owner_ddl", "delete from ops.submissions")


def kept(company: Nights) -> list[tuple[object, ...]]:
    """What was kept, oldest first."""
    return company.fetch(
        "checker",
        "select node_id, opportunity_id, baseline, gross_amount, reason, is_late from ops.submissions order by submission_id",
    )


def test_the_workbook_shows_the_node_its_children_and_their_deals_with_last_weeks_number(fill: Fill) -> None:
    take_in(fill({"N": (650, "two deals pulled in")}), "N", MORNING, "li")
    book = load_workbook(fill({}, week=date(2026, 5, 25)))
    rows = [[cell.value for cell in row] for row in book["nodes"].iter_rows(min_row=2)]
    assert rows == [
        ["N", "节点 N", 1200, 50, 480, 600, 720, 650, None, None],
        ["N1", "节点 N1", 1200, 50, 80, 100, 120, None, None, None],
        ["N2", "节点 N2", 1200, 50, 80, 100, 120, None, None, None],
    ]
    assert [row[0].value for row in book["deals"].iter_rows(min_row=2)] == ["O-1", "O-2"]
    assert not book["nodes"].cell(2, 9).protection.locked
    assert book["nodes"].cell(2, 6).protection.locked


def test_a_number_is_kept_with_the_baseline_it_was_said_beside_and_a_second_import_keeps_nothing(
    company: Nights, fill: Fill
) -> None:
    book = fill({"N": ("650.55", "two deals pulled in"), "N1": (100, None), "O-1": (0, "客户预算冻结")})
    said = "kept 3 of 3 numbers for 2026Q2; the others were said before"
    assert take_in(book, "N", MORNING, "li") == said
    assert kept(company) == [
        ("N", None, Decimal("600.00"), Decimal("650.55"), "two deals pulled in", False),
        ("N1", None, Decimal("100.00"), Decimal("100.00"), "", False),
        ("N", "O-1", Decimal("100.00"), Decimal("0.00"), "客户预算冻结", False),
    ]
    assert take_in(book, "N", MORNING, "li").startswith("kept 0 of 3")


def test_a_number_after_mondays_noon_is_late_and_none_is_taken_after_the_period(company: Nights, fill: Fill) -> None:
    take_in(fill({"N": (650, "first")}), "N", datetime(2026, 5, 18, 12, 0, tzinfo=SHANGHAI), "li")
    take_in(fill({"N": (651, "second")}), "N", datetime(2026, 5, 18, 12, 1, tzinfo=SHANGHAI), "li")
    assert [row[-1] for row in kept(company)] == [False, True]
    with pytest.raises(StepError, match="2026Q2 ended on 2026-06-30 and is frozen"):
        take_in(fill({"N": (652, "third")}), "N", datetime(2026, 7, 1, 9, 0, tzinfo=SHANGHAI), "li")


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"N": (650, None)}, "节点 N: 650.00 differs from the baseline 600.00: give the reason"),
        ({"N": (None, "because")}, "sheet nodes row 2: has a reason and no number"),
        ({"N": (-1, "because")}, "sheet nodes row 2: a cell"),
        ({"N": ("=1+1", "because")}, "sheet nodes row 2: a cell holds a formula"),
        ({"O-2": (5, "x" * 501)}, "sheet deals row 3: a cell"),
    ],
)
def test_a_fault_is_named_with_its_place_and_nothing_of_the_file_is_kept(
    company: Nights, fill: Fill, said: dict[str, tuple[object, str | None]], fault: str
) -> None:
    with pytest.raises(StepError) as caught:
        take_in(fill({"N1": (120, "sound"), **said}), "N", MORNING, "li")
    assert fault in str(caught.value)
    assert "1 faults, nothing was kept" in str(caught.value)
    assert kept(company) == []


@pytest.mark.parametrize("made_for", ["2026Q1 {build}", "2026Q2 20260511-0123456789ab", ""])
def test_a_workbook_of_another_period_or_build_is_refused(company: Nights, fill: Fill, made_for: str) -> None:
    path = fill({"N": (650, "two deals pulled in")})
    book = load_workbook(path)
    published = book.properties.title
    book.properties.title = made_for.format(build=published.split()[1])
    book.save(path)
    with pytest.raises(StepError) as caught:
        take_in(path, "N", MORNING, "li")
    title = book.properties.title or "no build"
    assert str(caught.value).startswith(f"the workbook was made for {title}, and {published} is published: make one")
    assert kept(company) == []


def test_a_number_of_a_day_before_the_published_one_is_refused(company: Nights, fill: Fill) -> None:
    with pytest.raises(StepError, match="2026-05-17 is before 2026-05-18, the day that is published"):
        take_in(fill({"N": (650, "two deals pulled in")}), "N", datetime(2026, 5, 17, 23, 59, tzinfo=SHANGHAI), "li")
    assert kept(company) == []


@pytest.mark.parametrize(
    ("at", "late"), [("2026-05-17 20:00+00:00", False), ("2026-05-18 05:00+00:00", True), ("2026-05-18 05:00", False)]
)
def test_a_time_with_an_offset_of_its_own_keeps_it(company: Nights, fill: Fill, at: str, late: bool) -> None:
    """20:00 UTC on Sunday is Monday's early morning in Shanghai; 05:00 UTC on Monday is after its noon."""
    typed = [
        sys.executable,
        "-m",
        "warehouse.submissions",
        "import",
        str(fill({"N": (650, "x")})),
        "--node",
        "N",
        "--at",
        at,
    ]
    done = subprocess.run(typed, env=child_environment(), text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert company.fetch("checker", "select as_of, is_late from ops.submissions") == [(DAY, late)]


def test_a_line_of_another_part_of_the_organisation_is_refused(fill: Fill) -> None:
    with pytest.raises(StepError, match="sheet nodes row 2: is not in the published build, or not below the node"):
        take_in(fill({"S": (450, "late orders")}, node="S"), "N", MORNING, "li")


def test_a_number_is_an_input_of_the_builds_from_its_own_day_on(company: Nights, fill: Fill) -> None:
    def digest(day: date) -> str:
        with connect("transformer") as connection:
            return inputs_digest(connection, day)

    sunday, monday = date(2026, 5, 17), DAY
    before = digest(sunday), digest(monday)
    take_in(fill({"N": (650, "two deals pulled in")}), "N", MORNING, "li")
    assert digest(sunday) == before[0]
    assert digest(monday) != before[1]


def test_no_row_can_be_changed_or_deleted_by_the_role_that_writes_them(company: Nights, fill: Fill) -> None:
    take_in(fill({"N": (650, "two deals pulled in")}), "N", MORNING, "li")
    for statement in ("update ops.submissions set gross_amount = 1", "delete from ops.submissions"):
        with pytest.raises(Exception, match="permission denied"):
            company.execute("submitter", statement)
