"""Every marketing lead enters the funnel, from the lists that people drop to the report: nothing is lost, nothing twice, and what the CRM
lacks is named."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.settings import settings
from connectors.extract import extract
from warehouse.connection import connect

pytestmark = pytest.mark.slow
FILES = ("fair_hannover.csv", "fair_shanghai.csv", "juliang_may.csv")
HEADERS = {"fair": "编号,姓名,公司,手机,登记时间", "juliang": "线索ID,姓名,广告计划名称,电话号码,线索创建时间"}
MALFORMED = [
    ",王,华东机电,13800000001,2026-01-05 10:00",
    "X,王,华东机电,,2026-01-05 10:00",
    "X,王,华东机电,名片,2026-01-05 10:00",
    "X,王,华东",
]
FIRST, SECOND = date(2026, 1, 5), date(2026, 1, 6)
LOST = "L1042"
TYPE_IN = """
insert into landing.fxiaoke__leads (record_id, record, record_hash, changed_at, known_at, load_id, is_reconstructed)
select 'C' || (record ->> 'lead_id'),
    jsonb_build_object('channel_lead_id__c', record ->> 'lead_id', 'mobile', jsonb_build_object('token', 'another', 'mask', ''),
        'life_status', 'normal', 'create_time', 1767600000000),
    'h', changed_at, known_at, 'crm', false
from landing.lead_files__leads"""


@pytest.fixture(scope="module")
def nights(land, build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:  # type: ignore[no-untyped-def]
    """Three lists of 1,000 rows, 20 of each malformed, read twice in a night; all typed into the CRM, which then loses one."""
    folder: Path = tmp_path_factory.mktemp("lists")
    for place, name in enumerate(FILES):
        rows = [f"L{n},王{n},华东机电,138{n:08d},2026-01-05 10:00:00" for n in range(place * 1000, place * 1000 + 980)]
        rows[500:500] = MALFORMED * 5
        (folder / name).write_text("\n".join([HEADERS[name.partition("_")[0]], *rows, ""]), "utf-8")
    patch = pytest.MonkeyPatch()
    patch.setenv("LANDFALL_LEAD_FILES_DIR", str(folder))
    patch.setenv("LANDFALL_SOURCES", "lead_files")
    settings.cache_clear()
    counts: dict[str, Any] = {}
    for attempt in ("once", "twice"):
        extract(FIRST)
        with connect("loader") as connection:
            counts[attempt] = connection.execute("select count(*) from landing.lead_files__leads").fetchall()[0][0]
    with connect("loader") as connection:
        connection.execute(TYPE_IN)
    land("fxiaoke__leads", f"C{LOST}", "2026-01-06 09:00", {"is_deleted": True})
    extract(SECOND)
    for day in (FIRST, SECOND):
        name = f"{day:%Y%m%d}_000000000000"
        with connect("transformer") as connection:
            connection.execute(f"create schema build_{name}")
        build("+rpt_lead_reconciliation", day.isoformat(), build_id=name, build_schema=f"build_{name}")
    yield counts
    patch.undo()
    settings.cache_clear()


def report(query: Any, day: date) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = query(
        "select part_name, source_count, loaded_count, quarantined_count, missing_in_crm_count, missing_ids"
        f" from build_{day:%Y%m%d}_000000000000.rpt_lead_reconciliation order by 1"
    )
    return found


def test_loaded_and_set_aside_are_all_rows_of_each_file_and_reading_twice_changes_nothing(nights, query):  # type: ignore[no-untyped-def]
    assert nights == {"once": 2940, "twice": 2940}
    assert report(query, FIRST) == [(name, 1000, 980, 20, 0, None) for name in FILES]  # of the second reading


def test_the_lead_that_the_crm_lost_is_named_with_its_file(nights, query):  # type: ignore[no-untyped-def]
    assert report(query, SECOND) == [
        ("fair_hannover.csv", 1000, 980, 20, 0, None),
        ("fair_shanghai.csv", 1000, 980, 20, 1, LOST),
        ("juliang_may.csv", 1000, 980, 20, 0, None),
    ]
