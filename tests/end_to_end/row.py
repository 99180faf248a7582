"""`python -m tests.end_to_end.row BOOK SHEET column=value …`: adds a row to a sheet of a workbook of settings, as a person types it."""

import sys
from datetime import date
from pathlib import Path

from openpyxl import load_workbook


def add(path: Path, sheet: str, values: dict[str, str]) -> None:
    """Write `values` below the last row, each under the heading whose name after the `·` it has."""
    book = load_workbook(path)
    page = book[sheet]
    columns = {str(cell.value).rsplit("·", 1)[-1].strip(): cell.column for cell in page[1] if cell.value}
    unknown = values.keys() - columns.keys()
    assert not unknown, f"{sheet} has the columns {', '.join(columns)}, none called {', '.join(unknown)}"
    row = max(cell.row for line in page for cell in line if cell.value is not None) + 1
    for name, value in values.items():
        page.cell(row, columns[name]).value = _typed(value)
    book.save(path)


def _typed(value: str) -> str | int | date:
    if value.isdigit():
        return int(value)
    try:
        return date.fromisoformat(value)
    except ValueError:
        return value


if __name__ == "__main__":
    add(Path(sys.argv[1]), sys.argv[2], dict(each.split("=", 1) for each in sys.argv[3:]))
