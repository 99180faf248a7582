"""Kinds of files and mappings: the same records from each, and a real bank's exports by configuration only."""

import gzip
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import yaml

from config.settings import ROOT
from connectors.file_mapping import load_mapping
from connectors.file_rows import record_of
from connectors.files import read_rows
from tests.connectors.test_files import MAPPING
from warehouse.steps import StepError


def test_csv_gz_excel_and_parquet_give_the_same_records(inputs: Path) -> None:
    first, second = datetime(2026, 6, 1, 9), datetime(2026, 6, 30, 23, 30)  # noqa: DTZ001 - as files hold them
    (inputs / "a.csv.gz").write_bytes(
        gzip.compress("编号,金额,创建\nO-1,100.5,2026-06-01T09:00:00\nO-2,,2026-06-30T23:30:00\n".encode())
    )
    book = openpyxl.Workbook()
    for row in [["编号", "金额", "创建"], ["O-1", 100.5, first], ["O-2", None, second]]:
        book.active.append(row)
    book.save(inputs / "a.xlsx")
    columns = {"编号": ["O-1", "O-2"], "金额": [100.5, None], "创建": [first, second]}
    parquet.write_table(pa.table(columns), inputs / "a.parquet")
    read = [
        [row.cells for row in read_rows(inputs / name, encoding="utf-8", delimiter=",", sheet=None, columns={"编号"})]
        for name in ("a.csv.gz", "a.xlsx", "a.parquet")
    ]
    assert read[0] == read[1] == read[2]
    assert read[0][0] == {"编号": "O-1", "金额": "100.5", "创建": "2026-06-01T09:00:00"}


def test_a_mapping_with_a_field_of_no_standard_name_is_refused(tmp_path: Path) -> None:
    fields = {"id": "a", "created_at": "b", "colour": "c"}
    (tmp_path / "m.yml").write_text(
        yaml.safe_dump({**MAPPING, "streams": {"opportunities": {"file": "x.csv", "fields": fields}}})
    )
    with pytest.raises(StepError, match="stream opportunities: colour is no standard field"):
        load_mapping(tmp_path / "m.yml")


def test_a_real_banks_exports_are_read_by_configuration_only() -> None:
    folder = ROOT.parent / "shared" / "data" / "bpic2012"
    if not folder.exists():
        pytest.skip("the real data set bpic2012 is not beside the working copy")
    mapping = load_mapping(ROOT / "config" / "inputs" / "bpic2012.yml")
    (stream,), zone = mapping.streams["opportunities"], ZoneInfo(mapping.time_zone)
    rows = list(read_rows(folder / stream.file, encoding="utf-8", delimiter=",", sheet=None, columns=stream.columns))
    records = [record_of("opportunities", stream, row, zone) for row in rows]
    assert len(records) == 13_087
    assert records[0] == {
        "sales_process": "loan",
        "currency": "EUR",
        "id": "173688",
        "amount": "20000",
        "created_at": "2011-10-01T00:38:44.546000+02:00",
    }
    assert not any(record.get("amount") == "0" for record in records)
    (events,) = mapping.streams["stage_changes"]
    stages = {
        row.cells["activity"]
        for row in read_rows(folder / events.file, encoding="utf-8", delimiter=",", sheet=None, columns=set())
    }
    assert stages == mapping.stage_map["*"].keys() | set(events.where[0].values)
