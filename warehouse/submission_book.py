"""The manager's workbook: a sheet of nodes and a sheet of deals, the baseline beside two empty columns for the number and its reason.

In: the lines of the published build and what was said last. Out: an .xlsx file; and from a filled-in file the numbers with every fault.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from warehouse.setting_book import header, open_workbook
from warehouse.setting_cells import CellError, read, write
from warehouse.setting_kinds import Field
from warehouse.submission_rows import Header, Line, Said

Earlier = Mapping[tuple[str, str | None], Mapping[str, Any]]
MINE = (
    Field("your_number", "您的数字", "amount", is_required=False),
    Field("reason", "理由", "text", is_required=False),
)
_LAST = Field("last_week", "上周数字", "amount")
NODES = (
    Field("node_id", "节点", "code"), Field("name", "名称", "text"), Field("target", "目标", "amount"), Field("won", "已签", "amount"),
    Field("p10", "P10", "amount"), Field("baseline", "AI 基线", "amount"), Field("p90", "P90", "amount"), _LAST, *MINE,
)  # fmt: skip
DEALS = (
    Field("opportunity_id", "商机", "code"), Field("name", "名称", "text"), Field("account_name", "客户", "text"),
    Field("owner_name", "负责人", "text"), Field("gross_amount", "金额（含税）", "amount"),
    Field("p_win_by_period_end", "本期赢率", "rate"), Field("baseline", "AI 基线", "amount"), _LAST, *MINE,
)  # fmt: skip
SHEETS = {"nodes": NODES, "deals": DEALS}
AGAIN = "make one with `python -m warehouse.submissions template`, then fill it in"


def export(path: Path, seen: Header, lines: Sequence[Line], earlier: Earlier) -> None:
    """Write the workbook; the columns to fill in are the only ones that are not locked."""
    book = Workbook()
    book.remove(book.active)
    for name, fields in SHEETS.items():
        own = [line for line in lines if (line.opportunity_id is None) == (name == "nodes")]
        _write(book.create_sheet(name), fields, own, earlier)
    book.properties.title = _title(seen)
    book.save(path)


def _write(sheet: Worksheet, fields: Sequence[Field], lines: Sequence[Line], earlier: Earlier) -> None:
    for number, field in enumerate(fields, 1):
        head = sheet.cell(1, number, header(field))
        head.font, head.alignment = Font(bold=True), Alignment(wrap_text=True)
        head.fill = PatternFill("solid", fgColor="FFF2CC" if field in MINE else "DDE6F0")
        sheet.column_dimensions[get_column_letter(number)].width = 18
    for row, line in enumerate(lines, 2):
        last = earlier.get((line.node_id, line.opportunity_id), {}).get("gross_amount")
        known = {**line.shown, "name": line.name, "baseline": line.baseline, "last_week": last}
        for number, field in enumerate(fields, 1):
            cell = sheet.cell(row, number)
            if field in MINE:
                cell.protection = Protection(locked=False)
            else:
                write(cell, field, known.get(field.name))
    sheet.protection.sheet = True  # without a password: against slips
    sheet.freeze_panes = "C2"


def _title(seen: Header) -> str:
    return f"{seen.period_id} {seen.build_id}"


def load(path: Path, seen: Header, lines: Sequence[Line]) -> tuple[list[Said], list[str]]:
    """The numbers filled in beside the build `seen`, and all faults as sentences. Raises StepError when the file is no workbook."""
    book = open_workbook(path, AGAIN)
    if book.properties.title != _title(seen):
        made_for = book.properties.title or "no build"
        return [], [f"the workbook was made for {made_for}, and {_title(seen)} is published: {AGAIN}"]
    found: list[Said] = []
    faults = [f"sheet {name} is missing: {AGAIN}" for name in SHEETS if name not in book.sheetnames]
    for name, fields in SHEETS.items():
        if name in book.sheetnames:
            by_key = {
                line.opportunity_id or line.node_id: line
                for line in lines
                if (line.opportunity_id is None) == (name == "nodes")
            }
            faults += _load(book[name], fields, by_key, found)
    return found, faults


def _load(sheet: Worksheet, fields: Sequence[Field], by_key: Mapping[str, Line], found: list[Said]) -> list[str]:
    heads = [str(cell.value or "").rsplit("·", 1)[-1].strip() for cell in sheet[1]]
    wanted = (fields[0], *MINE)
    missing = [field.name for field in wanted if field.name not in heads]
    if missing:
        return [f"sheet {sheet.title}: column {name} is missing: {AGAIN}" for name in missing]
    faults: list[str] = []
    seen: set[str] = set()
    for row in range(2, sheet.max_row + 1):
        cells = {field.name: sheet.cell(row, heads.index(field.name) + 1) for field in wanted}
        if cells["your_number"].value in (None, "") and cells["reason"].value in (None, ""):
            continue
        try:
            key, number, reason = (read(cells[field.name], field) for field in wanted)
        except CellError as error:
            faults.append(f"sheet {sheet.title} row {row}: a cell {error}")
            continue
        line = by_key.get(str(key))
        if line is None:
            faults.append(
                f"sheet {sheet.title} row {row}: is not in the published build, or not below the node: {AGAIN}"
            )
        elif number is None:
            faults.append(
                f"sheet {sheet.title} row {row}: has a reason and no number: fill in your_number, or clear the reason"
            )
        elif str(key) in seen:
            faults.append(f"sheet {sheet.title} row {row}: stands twice: keep one")
        else:
            seen.add(str(key))
            found.append(Said(line, Decimal(str(number)), str(reason or "")))
    return faults
