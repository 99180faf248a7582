"""An explanation as a workbook whose formulas compute it again: deals on one sheet, the figure on the other.

In: an `Explanation`. Out: an .xlsx file. Text from outside never becomes a formula.
"""

import re
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from warehouse.explanation import Explanation
from warehouse.setting_cells import safe_text

HEADS = (
    "商机 · opportunity_id", "名称 · name", "客户 · account", "负责人 · owner", "阶段 · stage", "金额 · amount", "系数 · factor",
    "贡献 · contribution", "落地表 · landing", "批次 · load_id", "变更时间 · changed_at",
)  # fmt: skip
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write(path: Path, found: Explanation) -> None:
    """Write `found` to `path`: sheet `figure` adds its terms and the sum of sheet `deals`."""
    book = Workbook()
    deals: Worksheet = book.active
    deals.title = "deals"
    for number, head in enumerate(HEADS, 1):
        deals.cell(1, number, head).font = Font(bold=True)
    for row, deal in enumerate(found.deals, 2):
        texts = (deal.opportunity_id, deal.name, deal.account, deal.owner, deal.stage)
        for number, text in enumerate(texts, 1):
            _text(deals.cell(row, number), text)
        deals.cell(row, 6, deal.amount).number_format = "#,##0.00"
        deals.cell(row, 7, deal.factor)
        deals.cell(row, 8, f"=ROUND(F{row}*G{row},2)").number_format = "#,##0.00"
        _text(deals.cell(row, 9), deal.landing)
        _text(deals.cell(row, 10), deal.load_id or "")
        _text(deals.cell(row, 11), deal.changed_at.isoformat() if deal.changed_at else "")
    deals.freeze_panes = "A2"
    _figure(book.create_sheet("figure", 0), found)
    book.save(path)


def _figure(sheet: Worksheet, found: Explanation) -> None:
    said = found.definition
    heads = (
        ("指标 · metric", f"{said.zh} · {said.en} ({said.metric_id})"),
        ("公式 · formula", said.formula),
        ("口径 · basis", f"含税 gross; {said.date_basis}; as-was"),
        ("节点 · node", found.node),
        ("期间 · period", found.period),
        ("截至 · as of", found.as_of.isoformat()),
        ("版本 · build", found.build_id),
    )
    for row, (head, text) in enumerate(heads, 1):
        _text(sheet.cell(row, 1), head)
        _text(sheet.cell(row, 2), text)
    first = row = len(heads) + 2
    for name, amount in found.terms.items():
        _line(sheet, row, name, amount)
        row += 1
    _line(sheet, row, "deals", f"=SUM(deals!H2:H{max(len(found.deals) + 1, 2)})")
    _line(sheet, row + 1, "value", f"=SUM(B{first}:B{row})")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 22, 60


def _line(sheet: Worksheet, row: int, name: str, value: Any) -> None:
    _text(sheet.cell(row, 1), name)
    sheet.cell(row, 2, value).number_format = "#,##0.00"


def _text(cell: Cell, text: str) -> None:
    cell.value, cell.data_type = safe_text(_ILLEGAL.sub("\ufffd", text)), "s"
