"""Workbooks of the settings door as a person fills them in, and decisions to go with them."""

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from tests.warehouse.nights import Nights
from warehouse.setting_rows import Decision
from warehouse.settings import export

DAY = date(2026, 5, 20)
Row = tuple[str, tuple[Any, ...], dict[str, Any]]
Fill = Callable[..., Path]


def decided(valid_from: date = DAY, as_of: date = DAY, path: Path | None = None) -> Decision:
    """A decision of one test."""
    digest = sha256(path.read_bytes()).hexdigest() if path else None
    return Decision(as_of, valid_from, "lin", "agreed in the review", digest)


def yes(lines: list[str]) -> bool:
    """Agrees to everything."""
    return bool(lines)


def rows_of(tenant: Nights) -> int:
    """How many rows of settings there are."""
    return int(str(tenant.fetch("auditor", "select count(*) from ops.settings")[0][0]))


def filled(path: Path, rows: tuple[Row, ...], as_of: date = DAY) -> Path:
    """A freshly exported workbook with cells overwritten: sheet, then the key of a row and the columns to set."""
    export(path, as_of, as_of)
    book = load_workbook(path)
    for sheet_name, key, values in rows:
        sheet = book[sheet_name]
        columns = {str(cell.value).rsplit("· ", 1)[-1]: cell.column for cell in sheet[1]}
        keys = [[str(sheet.cell(row, n).value) for n in range(1, len(key) + 1)] for row in range(2, sheet.max_row + 1)]
        same = [str(part) for part in key]
        row = (
            keys.index(same) + 2 if same in keys else next(n for n in range(2, 1000) if sheet.cell(n, 1).value is None)
        )
        for number, part in enumerate(key, 1):
            sheet.cell(row, number).value = part
        for name, value in values.items():
            sheet.cell(row, columns[name]).value = value
    book.save(path)
    return path
