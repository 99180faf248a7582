"""Files of a tenant without a CRM: encodings, columns, bad rows, dates, and a real bank's exports by configuration only."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import settings
from connectors.extract import extract
from warehouse import watermarks
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.steps import StepError

DAY = date(2026, 6, 30)
CSV = "编号,金额,创建,预计\nO-1,100.50,2026-06-01 09:00,2026-07-31\nO-2,,2026-06-30 23:30,\n"
MAPPING: dict[str, Any] = {
    "tenant": "files", "name": "test", "time_zone": "Asia/Shanghai", "base_currency": "CNY", "snapshot_every_days": 7,
    "stages": {"S1": {"name_zh": "开始", "name_en": "Start", "stage_order": 1, "set_rate": 0.1, "outcome": "open", "reason": "a guess"}},
    "stage_map": {"*": {"new": "S1"}}, "interaction_kinds": {"phone": "call"},
    "streams": {"opportunities": {"file": "deals.csv", "changed_at": "创建", "constants": {"currency": "CNY"},
                                  "fields": {"id": "编号", "amount": "金额", "created_at": "创建", "expected_close_on": "预计"}}},
}  # fmt: skip


def query(statement: str) -> list[tuple[Any, ...]]:
    with connect("loader") as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def night(
    tenant_database: str, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """Run `extract` on what lies in `inputs`, with changes to the mapping; landing starts empty."""
    monkeypatch.setenv("LANDFALL_INPUT_DIR", str(inputs))
    monkeypatch.setenv("LANDFALL_MAPPING", str(tmp_path / "mapping.yml"))
    settings.cache_clear()
    with connect("owner_ddl") as connection:
        connection.execute(
            "truncate landing.files__opportunities, ops.loads, ops.cursors, ops.settings, vault.quarantined, ops.watermarks,"
            " ops.quarantine"
        )

    def run(as_of: date = DAY, **stream: Any) -> None:
        changed = {**MAPPING["streams"]["opportunities"], **stream}
        (tmp_path / "mapping.yml").write_text(
            yaml.safe_dump({**MAPPING, "streams": {"opportunities": changed}}), "utf-8"
        )
        extract(as_of)

    yield run
    settings.cache_clear()


def landed() -> list[tuple[Any, ...]]:
    return query(
        "select record_id, record - 'id' - 'currency', known_at, is_reconstructed from landing.files__opportunities order by 1, 3"
    )


def test_rows_become_standard_records_dated_by_themselves(night: Callable[..., None], inputs: Path) -> None:
    (inputs / "deals.csv").write_text(CSV, "utf-8")
    night()
    assert landed() == [
        (
            "O-1",
            {"amount": "100.50", "created_at": "2026-06-01T09:00:00+08:00", "expected_close_on": "2026-07-31"},
            datetime(2026, 6, 1, 16, tzinfo=UTC),
            True,
        ),
        ("O-2", {"created_at": "2026-06-30T23:30:00+08:00"}, cutoff(DAY), False),
    ]


def test_a_row_of_a_later_day_waits_for_its_night(night: Callable[..., None], inputs: Path) -> None:
    (inputs / "deals.csv").write_text(CSV, "utf-8")
    night(date(2026, 6, 29))
    assert [row[0] for row in landed()] == ["O-1"]
    assert query("select held_back, received, landed from ops.loads") == [(1, 1, 1)]


def test_a_row_that_a_later_night_sees_first_is_known_from_that_night_on(
    night: Callable[..., None], inputs: Path
) -> None:
    (inputs / "deals.csv").write_text(CSV, "utf-8")
    night()
    with connect("checker") as connection:
        watermarks.move(connection, "files", "opportunities", cutoff(DAY), DAY)
    (inputs / "deals.csv").write_text(CSV + "O-3,7,2026-06-15 10:00,\n", "utf-8")
    night(date(2026, 7, 1))
    assert [(row[0], row[2], row[3]) for row in landed() if row[0] == "O-3"] == [
        ("O-3", cutoff(date(2026, 7, 1)), False)
    ]
    assert query("select landed, unchanged from ops.loads where as_of = '2026-07-01'") == [(1, 2)]


def test_the_same_night_again_lands_nothing(night: Callable[..., None], inputs: Path) -> None:
    (inputs / "deals.csv").write_text(CSV, "utf-8")
    night()
    night()
    assert query("select landed, unchanged from ops.loads order by started_at") == [(2, 0), (0, 2)]
    assert (
        query("select kind, key, decided_at::text, count(*) from ops.settings group by 1, 2, 3 having count(*) > 1")
        == []
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_text_is_read_in_the_encoding_of_the_mapping(
    night: Callable[..., None], inputs: Path, encoding: str
) -> None:
    (inputs / "deals.csv").write_text(CSV, encoding)
    night(encoding="gb18030" if encoding == "gb18030" else "utf-8")
    assert len(landed()) == 2


@pytest.mark.parametrize(("written", "said", "advice"), [
    ("gb18030", "utf-8", r"deals\.csv is not utf-8: byte 0 does not fit; set `encoding: gb18030`"),
    ("utf-8", "gb18030", r"deals\.csv is UTF-8 and not gb18030: set `encoding: utf-8`"),
])  # fmt: skip
def test_a_wrong_encoding_is_refused_with_what_to_set(
    night: Callable[..., None], inputs: Path, written: str, said: str, advice: str
) -> None:
    (inputs / "deals.csv").write_text(CSV, written)
    with pytest.raises(StepError, match=advice):
        night(encoding=said)
    assert landed() == []


def test_a_missing_column_is_named_with_those_there_are(night: Callable[..., None], inputs: Path) -> None:
    (inputs / "deals.csv").write_text(CSV.replace("金额", "价"), "utf-8")
    with pytest.raises(StepError, match=r"deals\.csv has no column '金额': it has 编号, 价, 创建, 预计"):
        night()


def test_a_missing_file_is_named(night: Callable[..., None]) -> None:
    with pytest.raises(StepError, match=r"deals\.csv does not exist: put the export there"):
        night()


def test_bad_rows_are_set_aside_with_line_and_reason_and_the_rest_lands(
    night: Callable[..., None], inputs: Path
) -> None:
    bad = ["O-3,12;5,2026-06-02,", "O-4,NaN,2026-06-02,", "O-5,1e3,2026-06-02,", ",1,2026-06-02,", "O-6,1,02.06.2026,", "O-7,1",
           "O-8,-1,2026-06-02,", "O-9,99999999999999999,2026-06-02,"]  # fmt: skip
    (inputs / "deals.csv").write_text(CSV + "\n".join(bad) + "\n", "utf-8")
    night()
    assert [row[0] for row in landed()] == ["O-1", "O-2", "O-8"]
    assert query("select line_number, reason from ops.quarantine order by 1") == [
        (4, "金额 is not an amount"),
        (5, "金额 is not an amount"),
        (6, "金额 is not an amount"),
        (7, "编号 is empty"),
        (8, "创建 is not an instant"),
        (9, "the row has another number of cells than the header"),
        (11, "金额 is not an amount"),
    ]
    assert query("select received = landed + unchanged + quarantined, quarantined from ops.loads") == [(True, 7)]


def test_text_that_breaks_copy_arrives_whole(night: Callable[..., None], inputs: Path) -> None:
    (inputs / "deals.csv").write_text('编号,金额,创建,预计\n\\.,1,2026-06-01,\n"a\nb ""c""",2,2026-06-01,\n', "utf-8")
    night()
    assert [row[0] for row in landed()] == ["\\.", 'a\nb "c"']


def test_a_file_that_does_not_date_its_rows_is_dated_by_the_day_it_is_read(
    night: Callable[..., None], inputs: Path
) -> None:
    (inputs / "deals.csv").write_text(CSV, "utf-8")
    night(changed_at=None)
    assert {(row[0], row[2], row[3]) for row in landed()} == {("O-1", cutoff(DAY), False), ("O-2", cutoff(DAY), False)}


def test_a_changed_default_holds_from_its_day_on_and_no_earlier(
    night: Callable[..., None], inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inputs / "deals.csv").write_text(CSV, "utf-8")
    night()
    stage = {**MAPPING["stages"]["S1"], "set_rate": 0.2}
    monkeypatch.setitem(MAPPING, "stages", {"S1": stage})
    night(date(2026, 7, 1))
    night(date(2026, 7, 2))
    rates = query(
        "select value->>'set_rate', decided_at::text from ops.settings where kind = 'stage' order by setting_id"
    )
    assert rates == [("0.1", "-infinity"), ("0.2", "2026-06-30 16:00:00+00")]


def test_a_time_zone_that_differs_from_the_settings_is_refused(
    night: Callable[..., None], inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MAPPING, "time_zone", "Europe/Amsterdam")
    with pytest.raises(StepError, match="says time zone Europe/Amsterdam and LANDFALL_TIME_ZONE is Asia/Shanghai"):
        night()
