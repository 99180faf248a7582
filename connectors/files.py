"""Rows out of exported files: CSV (plain or .gz), Excel, Parquet; every cell as text, every row with its line number.

In: a file and how it is written. Out: rows by column name; a row that does not fit its header comes as torn, never silently mended.
A file in another encoding than the mapping says is refused with the place where it shows.
"""

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from warehouse.steps import StepError

csv.field_size_limit(2**31 - 1)  # a note of ten megabytes is long, not wrong


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it starts on (sheet row, Parquet row), its cells by column name; `is_torn` when they do not fit the header."""

    line: int
    cells: dict[str, str]
    is_torn: bool = False


def read_rows(path: Path, *, encoding: str, delimiter: str, sheet: str | None, columns: set[str]) -> Iterator[Row]:
    """All rows of `path`. Raises StepError when the file is missing, in another encoding, or lacks one of `columns`."""
    if not path.exists():
        raise StepError(f"{path} does not exist: put the export there or correct `file` in the mapping, then rerun")
    kind = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    if kind in (".csv", ".csv.gz", ".txt", ".txt.gz"):
        header, rows = _csv(path, encoding, delimiter)
    elif kind in (".xlsx", ".xlsm"):
        header, rows = _excel(path, sheet)
    elif kind == ".parquet":
        header, rows = _parquet(path)
    else:
        raise StepError(
            f"{path} is of a kind that is not read: export it as .csv, .csv.gz, .xlsx or .parquet, then rerun"
        )
    missing = sorted(columns - set(header))
    if missing:
        raise StepError(
            f"{path} has no column {missing[0]!r}: it has {', '.join(header)}; correct the export or the mapping, then rerun"
        )
    return rows


def _decoded(path: Path, encoding: str) -> str:
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise StepError(f"{path} cannot be unpacked ({type(error).__name__}): export it again, then rerun") from error
    wide = encoding.lower().replace("-", "") in ("gb18030", "gbk", "gb2312")
    try:
        if wide and not raw.isascii() and _is_utf8(raw):
            raise StepError(
                f"{path} is UTF-8 and not {encoding}: set `encoding: utf-8` for it in the mapping, then rerun"
            )
        return raw.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else "gb18030" if wide else encoding)
    except UnicodeDecodeError as error:
        other = "utf-8" if wide else "gb18030"
        raise StepError(
            f"{path} is not {encoding}: byte {error.start} does not fit; "
            f"set `encoding: {other}` for it in the mapping or export it as {encoding}, then rerun"
        ) from None


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _csv(path: Path, encoding: str, delimiter: str) -> tuple[list[str], Iterator[Row]]:
    reader = csv.reader(io.StringIO(_decoded(path, encoding), newline=""), delimiter=delimiter, strict=True)
    header = [name.strip() for name in next(reader, [])]

    def rows() -> Iterator[Row]:
        line = reader.line_num
        try:
            for cells in reader:
                if cells:
                    yield _row(line + 1, header, cells)
                line = reader.line_num
        except csv.Error as error:
            raise StepError(
                f"{path} is no CSV from line {line + 1} on ({error}): correct the export, then rerun"
            ) from None

    return header, rows()


def _excel(path: Path, sheet: str | None) -> tuple[list[str], Iterator[Row]]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    if sheet is not None and sheet not in book.sheetnames:
        raise StepError(
            f"{path} has no sheet {sheet!r}: it has {', '.join(book.sheetnames)}; correct the mapping, then rerun"
        )
    lines = (book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True)
    header = [_text(cell).strip() for cell in next(lines, ())]
    return header, (_row(number, header, [_text(cell) for cell in cells]) for number, cells in enumerate(lines, 2))


def _parquet(path: Path) -> tuple[list[str], Iterator[Row]]:
    import pyarrow.parquet as parquet

    file = parquet.ParquetFile(path)
    header = list(file.schema_arrow.names)

    def rows() -> Iterator[Row]:
        number = 0
        for batch in file.iter_batches():
            for record in batch.to_pylist():
                number += 1
                yield Row(number, {name: _text(value) for name, value in record.items()})

    return header, rows()


def _row(line: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    torn = len(cells) != len(header)
    return Row(line, dict(zip(header, cells, strict=False)), is_torn=torn)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f") if value == value and abs(value) != float("inf") else "NaN"
    return str(value)
