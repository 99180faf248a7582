"""The settings workbook: one sheet a kind, a header row in Chinese and English, lists to choose codes from.

In: what holds. Out: an .xlsx file; and from a file the values it asks for, with every fault of every sheet, not just the first.
"""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from warehouse.setting_cells import CellError, read, write
from warehouse.setting_kinds import KINDS, Field, Kind
from warehouse.setting_rows import Holding
from warehouse.steps import StepError

SPARE_ROWS = 200  # rows below the last one that still offer the lists
MOST_ROWS, MOST_BYTES = 20_000, 20_000_000
LISTS = "lists"
_HEAD = PatternFill("solid", fgColor="DDE6F0")


def header(field: Field) -> str:
    """A column's head: Chinese, then the name that the file is read by."""
    return f"{field.zh} · {field.name}"


def export(path: Path, held: Holding, nodes: Iterable[str]) -> int:
    """Write what holds to `path`; `nodes` are offered where a node is asked for. Returns the number of settings."""
    book = Workbook()
    book.remove(book.active)
    ranges = _write_lists(book, held, sorted(nodes))
    written = 0
    for kind in KINDS:
        sheet = book.create_sheet(kind.name, len(book.sheetnames) - 1)
        rows = [
            (key.split("|"), value)
            for (name, key), value in sorted(held.items(), key=lambda item: item[0])
            if name == kind.name
        ]
        _write_sheet(sheet, kind, rows, ranges)
        written += len(rows)
    book.save(path)
    return written


def _write_lists(book: Workbook, held: Holding, nodes: list[str]) -> dict[str, str]:
    """A hidden sheet with a column for each kind of code that others name; returns the range of each."""
    sheet, ranges = book.create_sheet(LISTS), {}
    sheet.sheet_state = "hidden"
    referred = sorted({str(field.among) for kind in KINDS for field in kind.fields if field.type == "reference"})
    for number, among in enumerate(referred, 1):
        own = {key for kind, key in held if kind == ("org_node" if among == "node" else among)}
        codes = sorted(own | set(nodes)) if among == "node" else sorted(own)
        for row, code in enumerate(codes, 1):
            write(sheet.cell(row, number), Field("code", "", "code"), code)
        letter = get_column_letter(number)
        ranges[among] = f"{LISTS}!${letter}$1:${letter}${max(len(codes), 1)}"
    return ranges


def _write_sheet(
    sheet: Worksheet, kind: Kind, rows: list[tuple[list[str], dict[str, Any]]], ranges: dict[str, str]
) -> None:
    for number, field in enumerate(kind.fields, 1):
        head = sheet.cell(1, number, header(field))
        head.font, head.fill, head.alignment = Font(bold=True), _HEAD, Alignment(wrap_text=True)
        sheet.column_dimensions[get_column_letter(number)].width = 24
        _offer(sheet, number, field, ranges, len(rows) + SPARE_ROWS)
    for row, (key, value) in enumerate(rows, 2):
        for number, field in enumerate(kind.fields, 1):
            cell = sheet.cell(row, number)
            write(cell, field, key[number - 1] if number <= len(kind.keys) else value.get(field.name))
    for column in range(len(kind.keys) + 1, len(kind.fields) + 1):
        for row in range(2, len(rows) + SPARE_ROWS):
            sheet.cell(row, column).protection = Protection(locked=False)
    for column in range(1, len(kind.keys) + 1):
        for row in range(len(rows) + 2, len(rows) + SPARE_ROWS):
            sheet.cell(row, column).protection = Protection(locked=False)
    sheet.protection.sheet = True  # without a password: against slips, keys of existing rows are not typed over
    sheet.protection.formatColumns = sheet.protection.sort = sheet.protection.autoFilter = False
    sheet.freeze_panes = "A2"


def _offer(sheet: Worksheet, number: int, field: Field, ranges: dict[str, str], last: int) -> None:
    """A list to choose from under a column of choices or codes of another sheet."""
    if field.type == "choice":
        listed = f'"{",".join(field.among)}"'
    elif field.type == "reference":
        listed = ranges[str(field.among)]
    else:
        return
    offered = DataValidation(type="list", formula1=listed, allow_blank=not field.is_required, showErrorMessage=True)
    offered.error = f"{field.zh}: choose from the list"
    letter = get_column_letter(number)
    offered.add(f"{letter}2:{letter}{last}")
    sheet.add_data_validation(offered)


def load(path: Path) -> tuple[Holding, dict[tuple[str, str], int], list[str]]:
    """What the workbook asks for, the row of each setting, and all faults as sentences. Raises StepError when it is no workbook."""
    book = open_workbook(path, "make one with `python -m warehouse.settings export`, then fill it in")
    asked: Holding = {}
    places: dict[tuple[str, str], int] = {}
    known = {kind.name for kind in KINDS} | {LISTS}
    faults = [f"sheet {name}: is no kind of setting: delete it or name it {', '.join(sorted(known - {LISTS}))}"
              for name in book.sheetnames if name not in known]  # fmt: skip
    for kind in KINDS:
        if kind.name in book.sheetnames:
            faults += _load_sheet(book[kind.name], kind, asked, places)
    return asked, places, faults


def open_workbook(path: Path, action: str) -> Workbook:
    """The workbook of `path`. Raises StepError with the next `action` when it is none, or too large to be one that people fill in."""
    try:
        with zipfile.ZipFile(path) as archive:
            if (
                sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES * 10
                or path.stat().st_size > MOST_BYTES
            ):
                raise StepError(f"{path} is larger than a workbook that people fill in: {action}")
        return load_workbook(path)
    except (OSError, zipfile.BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise StepError(f"{path} cannot be read as an Excel workbook ({type(error).__name__}): {action}") from error


def _load_sheet(sheet: Worksheet, kind: Kind, asked: Holding, places: dict[tuple[str, str], int]) -> list[str]:
    heads = [str(cell.value or "") for cell in sheet[1]]
    columns = {head.rsplit("·", 1)[-1].strip(): number for number, head in enumerate(heads, 1)}
    missing = [field.name for field in kind.fields if field.name not in columns]
    if missing:
        return [f"sheet {kind.name}: column {name} is missing: write `{name}` into row 1" for name in missing]
    if sheet.max_row > MOST_ROWS:
        return [f"sheet {kind.name}: has more than {MOST_ROWS} rows: delete the empty ones below the last"]
    faults: list[str] = []
    for row in range(2, sheet.max_row + 1):
        cells = {field.name: sheet.cell(row, columns[field.name]) for field in kind.fields}
        if any(cell.value not in (None, "") for cell in cells.values()):
            faults += _load_row(kind, row, cells, asked, places)
    return faults


def _load_row(
    kind: Kind, row: int, cells: dict[str, Any], asked: Holding, places: dict[tuple[str, str], int]
) -> list[str]:
    faults, said = [], {}
    for field in kind.fields:
        try:
            said[field.name] = read(cells[field.name], field)
        except CellError as fault:
            faults.append(f"{place(kind.name, row, field.name)} {fault}")
    if faults:
        return faults
    at = (kind.name, "|".join(str(said[field.name]) for field in kind.keys))
    if at in places:
        return [
            f"{place(kind.name, row, kind.keys[0].name)} repeats the key of row {places[at]}: keep one of both rows"
        ]
    places[at] = row
    asked[at] = {field.name: said[field.name] for field in kind.values if said[field.name] is not None}
    return []


def place(sheet: str, row: int | None, column: str) -> str:
    """How a fault names its cell."""
    return f"sheet {sheet}, row {row}, column {column}:" if row else f"sheet {sheet}, column {column}:"
