"""What was decided through the settings door later never alters what an earlier business day sees, down to dbt's own tables."""

from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from warehouse.setting_rows import Decision
from warehouse.settings import apply, export, undo

pytestmark = pytest.mark.slow

OPP = "fxiaoke__opportunities"
RATES = """
    select key, set_rate from intermediate.int_setting_versions
    where kind = 'stage' and key in ('S2', 'S3') and valid_from <= %(at)s and %(at)s < valid_to order by key
"""
KEPT = "select kind, key, set_rate, fx_rate, effective_on, decided_at::text from staging.stg_landfall__settings order by 1, 2, 5, 6"


@pytest.fixture(scope="module")
def decided(land, deal, tmp_path_factory):  # type: ignore[no-untyped-def]
    """On 12 May the rate of S3 becomes 0.35 from 1 April on; on 13 May a rate for GBP is entered, and taken back on the 14th."""
    land(OPP, "OPEN", "2026-05-01 09:00", deal("eq_need", "2026-05-01 09:00"))
    folder = tmp_path_factory.mktemp("books")

    def change(day: date, sheet: str, row: list[object] | None = None, cell: tuple[str, object] | None = None) -> Path:
        path: Path = folder / f"{sheet}-{day}.xlsx"
        export(path, day, day)
        book = load_workbook(path)
        if row:
            book[sheet].append(row)
        if cell:
            book[sheet][cell[0]].value = cell[1]
        book.save(path)
        apply(path, Decision(day, date(2026, 4, 1), "lin", "review"), bool)
        return path

    change(date(2026, 5, 12), "stage", cell=("E5", 0.35))
    change(date(2026, 5, 13), "fx_rate", row=["GBP", 9.1])
    undo(2, Decision(date(2026, 5, 14), date(2026, 4, 1), "lin", "too early"), bool)


def test_each_day_sees_what_was_decided_before_its_cutoff(decided, build, query):  # type: ignore[no-untyped-def]
    build("features", "2026-05-12")
    assert not [row for row in query(KEPT) if row[1] == "GBP"]
    on_the_12th = query(KEPT)
    assert query(RATES.replace("%(at)s", "timestamptz '2026-05-13 00:00+08'")) == [("S2", 0.3), ("S3", 0.5)]

    build("features", "2026-05-14")
    assert query(
        "select fx_rate::text from intermediate.int_setting_versions where key = 'GBP' and valid_to > '9999-01-01'"
    ) == [("9.10000000",)]

    build("features", "2026-05-15")
    at = {
        day: query(RATES.replace("%(at)s", f"timestamptz '{day} 00:00+08'"))
        for day in ("2026-04-15", "2026-05-13", "2026-05-14", "2026-05-16")
    }
    assert at["2026-04-15"] == at["2026-05-13"] == [("S2", 0.3), ("S3", 0.5)]
    assert at["2026-05-14"] == at["2026-05-16"] == [("S2", 0.3), ("S3", 0.35)]
    assert query(
        "select count(*) from intermediate.int_setting_versions where key = 'GBP' and valid_to > '9999-01-01'"
    ) == [(0,)]

    build("features", "2026-05-12")
    assert query(KEPT) == on_the_12th
