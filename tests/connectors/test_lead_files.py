"""Lists of leads in a folder, by configuration only: every row of every file is loaded or set aside, and twice changes nothing."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import settings
from connectors.extract import extract
from connectors.file_rows import RowError
from connectors.lead_channels import reachable
from connectors.sources import open_source
from connectors.streams import mapping_of
from sandbox.lead_lists import LISTS, write_lists
from tests.connectors.channels import leads, served
from tests.connectors.company import run_step
from warehouse.connection import connect

DAY = date(2026, 6, 30)
FAIR, CLUES = "编号,姓名,公司,手机,登记时间", "线索ID,姓名,广告计划名称,电话号码,线索创建时间"


def query(statement: str) -> list[tuple[Any, ...]]:
    with connect("loader") as connection:
        return connection.execute(statement).fetchall()


def parts() -> dict[str, tuple[int, ...]]:
    """File → received, landed, unchanged, quarantined of the newest walk."""
    newest = "select load_id from ops.loads order by started_at desc limit 1"
    rows = query(
        f"select part, received, landed, unchanged, quarantined from ops.load_parts where load_id = ({newest})"
    )
    return {row[0]: tuple(row[1:]) for row in rows}


@pytest.fixture
def drop(tenant_database: str, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """drop(name, header, rows): put a list into the folder; landing starts empty."""
    monkeypatch.setenv("LANDFALL_LEAD_FILES_DIR", str(inputs))
    monkeypatch.setenv("LANDFALL_SOURCES", "lead_files")
    settings.cache_clear()
    with connect("owner_ddl") as connection:
        connection.execute(
            "truncate landing.lead_files__leads, ops.loads, ops.cursors, ops.load_parts, ops.quarantine, vault.quarantined,"
            " vault.persons, ops.watermarks"
        )

    def write(name: str, header: str, rows: list[str], encoding: str = "utf-8") -> None:
        (inputs / name).write_bytes("\n".join([header, *rows, ""]).encode(encoding))

    yield write
    settings.cache_clear()


def clean(first: int, count: int) -> list[str]:
    return [f"L{n},王{n},华东机电,138{n:08d},2026-06-{1 + n % 28:02d} 10:00:00" for n in range(first, first + count)]


MALFORMED = [
    ",王,华东机电,13800000001,2026-06-01 10:00:00",
    "X1,王,华东机电,,2026-06-01 10:00:00",
    "X2,王,华东机电,见名片,2026-06-01 10:00:00",
    "X3,王,华东机电,13800000002,昨天",
    "X4,王,华东,机电,13800000003,2026-06-01 10:00:00",
]


def test_of_three_files_with_a_thousand_leads_each_row_is_loaded_or_set_aside_and_twice_changes_nothing(
    drop: Callable[..., None],
) -> None:
    for place in range(3):
        rows = clean(place * 1000, 980)
        rows[100:100] = MALFORMED * 4
        drop(f"fair_{place}.csv", FAIR, rows)
    extract(DAY)
    assert parts() == {f"fair_{place}.csv": (1000, 980, 0, 20) for place in range(3)}
    assert query("select count(*), count(distinct record_id) from landing.lead_files__leads") == [(2940, 2940)]
    extract(DAY)
    assert parts() == {f"fair_{place}.csv": (1000, 0, 980, 20) for place in range(3)}
    extract(DAY + timedelta(days=1))
    assert parts() == {f"fair_{place}.csv": (1000, 0, 980, 20) for place in range(3)}
    assert query("select count(*) from landing.lead_files__leads") == [(2940,)]


def test_a_row_that_is_set_aside_names_file_line_and_column_and_keeps_the_row_in_the_vault(
    drop: Callable[..., None],
) -> None:
    drop("fair_x.csv", FAIR, [*clean(0, 1), *MALFORMED])
    extract(DAY)
    assert query("select line_number, reason from ops.quarantine order by line_number") == [
        (3, "fair_x.csv: 编号 is empty"),
        (4, "fair_x.csv: 手机 is empty"),
        (5, "fair_x.csv: 手机 is not a phone number"),
        (6, "fair_x.csv: 登记时间 is not an instant"),
        (7, "fair_x.csv: the row has another number of cells than the header"),
    ]
    kept = [json.loads(bytes(raw)) for (raw,) in query("select raw from vault.quarantined order by quarantine_id")]
    assert kept[2]["手机"] == "见名片"


def test_what_names_a_person_is_landed_as_token_and_mask(drop: Callable[..., None]) -> None:
    drop("fair_x.csv", FAIR, ["L1,王芳,华东机电,+86 138 0000 0001,2026-06-01 10:00:00"])
    extract(DAY)
    [(record_id, record)] = query("select record_id, record from landing.lead_files__leads")
    assert record_id == "fair|L1"
    assert (record["phone"]["mask"], record["name"]["mask"]) == ("138****0001", "王**")
    assert "王芳" not in json.dumps(record, ensure_ascii=False)
    assert query("select original from vault.persons where kind = 'phone'") == [("13800000001",)]
    assert (record["company"], record["submitted_at"], record["file"]) == (
        "华东机电",
        "2026-06-01T10:00:00+08:00",
        "fair_x.csv",
    )


def test_a_corrected_row_is_a_new_version_and_a_list_that_is_taken_away_deletes_nobody(
    drop: Callable[..., None], inputs: Path
) -> None:
    drop("fair_x.csv", FAIR, clean(0, 3))
    extract(DAY)
    drop("fair_x.csv", FAIR, [*clean(0, 2), "L2,王2,改名公司,13800000002,2026-06-03 10:00:00"])
    extract(DAY + timedelta(days=1))
    assert parts() == {"fair_x.csv": (3, 1, 2, 0)}
    (inputs / "fair_x.csv").unlink()
    extract(DAY + timedelta(days=2))
    assert query("select count(*) from landing.lead_files__leads where record ? 'is_deleted'") == [(0,)]


def test_a_file_that_cannot_be_read_is_set_aside_as_a_whole_and_the_others_are_read(drop: Callable[..., None]) -> None:
    drop("fair_a.csv", "编号,姓名", ["L1,王"])
    drop("fair_b.csv", FAIR, ["L2,王芳,华东机电,13800000001,2026-06-01 10:00:00"], "gb18030")
    drop("juliang_1.csv", CLUES, ["7001,王芳,华东-短视频,13800000001,2026-06-01 10:00:00"])
    extract(DAY)
    assert parts() == {"fair_a.csv": (1, 0, 0, 1), "fair_b.csv": (1, 0, 0, 1), "juliang_1.csv": (1, 1, 0, 0)}
    said = [reason for (reason,) in query("select reason from ops.quarantine order by reason")]
    assert "has no column '手机'" in said[0]
    assert "set `encoding: gb18030`" in said[1]
    found = open_source("lead_files").faults(mapping_of("lead_files").streams["leads"])
    assert len(found) == 2


def test_a_file_that_belongs_to_no_channel_is_named_by_check(drop: Callable[..., None]) -> None:
    drop("other.csv", FAIR, clean(0, 1))
    found = open_source("lead_files").faults(mapping_of("lead_files").streams["leads"])
    assert found == ["other.csv belongs to no channel: name it in lead_channels.yml or take it away"]


def test_a_killed_walk_goes_on_behind_its_last_page_and_counts_no_file_twice(drop: Callable[..., None]) -> None:
    drop("fair_a.csv", FAIR, clean(0, 3))
    drop("fair_b.csv", FAIR, clean(3, 4))
    killed = run_step("extract", "--as-of", DAY.isoformat(), failpoint="landing.after")
    assert killed.returncode == -9
    assert parts() == {"fair_a.csv": (3, 3, 0, 0)}
    extract(DAY)
    assert parts() == {"fair_a.csv": (3, 3, 0, 0), "fair_b.csv": (4, 4, 0, 0)}
    assert query("select count(*), max(received) from ops.loads") == [(1, 7)]


def test_a_file_that_changed_under_a_killed_walk_is_counted_anew(drop: Callable[..., None]) -> None:
    drop("fair_a.csv", FAIR, clean(0, 3))
    assert run_step("extract", "--as-of", DAY.isoformat(), failpoint="landing.after").returncode == -9
    drop("fair_a.csv", FAIR, clean(0, 5))
    extract(DAY)
    assert parts() == {"fair_a.csv": (5, 2, 3, 0)}


def test_an_empty_folder_is_a_night_without_rows(drop: Callable[..., None]) -> None:
    extract(DAY)
    assert query("select state, received from ops.loads") == [("finished", 0)]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("138-0000-0001", "13800000001"),
        ("+86 13800000001", "13800000001"),
        ("008613800000001", "13800000001"),
        ("(021) 6888 1234", "02168881234"),
        ("86571234567", "86571234567"),
    ],
)
def test_phones_are_kept_in_plain_digits(typed: str, kept: str) -> None:
    assert reachable({"phone": typed}, {"phone": "手机"})["phone"] == kept


def test_a_lead_is_reached_by_phone_or_mail() -> None:
    called = {"phone": "P", "mail": "M"}
    assert reachable({"mail": "a@b.cn"}, called) == {"mail": "a@b.cn"}
    with pytest.raises(RowError, match="P and M are empty"):
        reachable({}, called)
    with pytest.raises(RowError, match="M is not a mail address"):
        reachable({"mail": "a@b"}, called)


def test_the_sandboxs_people_drop_lists_that_are_read_by_the_default_channels(
    drop: Callable[..., None], inputs: Path, tmp_path: Path
) -> None:
    with served(tmp_path / "company", leads(100, "fair") + leads(100, "douyin", 1000)) as company:
        written = write_lists(company.world.store, inputs)
        assert write_lists(company.world.store, inputs) == written
    assert {name.split("_")[0] for name in written} == {stem for stem, _ in LISTS.values()}
    extract(DAY)
    found = parts()
    assert {name: counts[0] for name, counts in found.items()} == written
    assert sum(counts[1] for counts in found.values()) > 150
    assert 0 < sum(counts[3] for counts in found.values()) < 20
