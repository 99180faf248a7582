"""One cell of a settings workbook: a value as Excel may hold it safely, and what a person typed as a value again.

Text that a spreadsheet would take for a formula goes out behind an apostrophe and comes back without it. Money and rates are numbers while
Excel's fifteen digits hold them, text beyond.
"""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from openpyxl.cell.cell import Cell

from warehouse.setting_kinds import Field

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
EXCEL_DIGITS = 15
LONGEST = 200
_CODE = re.compile(r"[^\s|\x00-\x1f][^|\x00-\x1f]{0,118}[^\s|\x00-\x1f]|[^\s|\x00-\x1f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
NUMBERS = ("rate", "amount", "balance", "number", "integer")


class CellError(Exception):
    """What is wrong with a cell, without quoting it, and the next action."""


def write(cell: Cell, field: Field, value: Any) -> None:
    """Put `value` (None: nothing) into `cell` as text, number or date."""
    if value is None or value == "":
        return
    if field.type == "day":
        cell.value, cell.number_format = date.fromisoformat(value), "yyyy-mm-dd"
    elif field.type in NUMBERS and len(Decimal(str(value)).as_tuple().digits) <= EXCEL_DIGITS:
        cell.value = Decimal(str(value))
        cell.number_format = {"amount": "#,##0.00", "balance": "#,##0.00", "integer": "0"}.get(field.type, "General")
    else:
        cell.value, cell.data_type = safe_text(_CONTROL.sub("\ufffd", str(value))), "s"
        cell.number_format = "@"


def safe_text(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith((*RISKY, "'")) else text


def read(cell: Cell, field: Field) -> str | int | None:
    """The value in `cell` as its setting keeps it; None for an empty one. Raises CellError."""
    said = cell.value
    if said is None or (isinstance(said, str) and not said.strip()):
        if field.is_required:
            raise CellError(f"is empty: fill in {_WANTED[field.type]}")
        return None
    if cell.data_type == "f":
        raise CellError(f"holds a formula: paste its value, {_WANTED[field.type]}")
    if cell.data_type == "e":
        raise CellError(f"holds an error of Excel: fill in {_WANTED[field.type]}")
    if field.type == "day":
        return _day(said)
    if field.type in NUMBERS:
        return _number(said, field)
    return _text(said, field)


_WANTED = {
    "text": "a text",
    "code": "a code without | and without spaces at its ends",
    "rate": "a decimal between 0 and 1",
    "amount": "an amount of at least 0 with at most two decimals",
    "balance": "an amount with at most two decimals, below 0 where we owe the customer",
    "number": "a number above 0",
    "integer": "a whole number of at least 0",
    "day": "a day as YYYY-MM-DD",
    "choice": "one of the listed choices",
    "reference": "a code that exists",
}


def _kind_of(said: Any) -> str:
    for kind, name in ((bool, "a truth value"), (datetime, "a date"), (date, "a date"), (str, "a text")):
        if isinstance(said, kind):
            return name
    return "a number"


def _day(said: Any) -> str:
    if isinstance(said, datetime):
        if said.time() == datetime.min.time():
            return said.date().isoformat()
        raise CellError(f"holds a date with an hour: fill in {_WANTED['day']}")
    try:
        return date.fromisoformat(said.strip()).isoformat()
    except (AttributeError, ValueError) as error:
        raise CellError(f"holds {_kind_of(said)} that is no day: fill in {_WANTED['day']}") from error


def _number(said: Any, field: Field) -> str | int:
    wrong = CellError(f"holds {_kind_of(said)} that is not {_WANTED[field.type]}: correct it")
    if isinstance(said, bool | date):
        raise wrong
    try:
        number = Decimal(
            said.strip() if isinstance(said, str) else repr(said) if isinstance(said, float) else str(said)
        )
    except InvalidOperation as error:
        raise wrong from error
    if not number.is_finite():
        raise wrong
    is_fine = {
        "rate": 0 <= number <= 1,
        "amount": 0 <= number < 10**16 and number == round(number, 2),
        "balance": abs(number) < 10**16 and number == round(number, 2),
        "number": 0 < number < 10**12,
        "integer": 0 <= number < 10**6 and number == number.to_integral_value(),
    }
    if not is_fine[field.type]:
        raise wrong
    if field.type == "integer":
        return int(number)
    return f"{number:.2f}" if field.type in ("amount", "balance") else f"{number.normalize():f}"


def _text(said: Any, field: Field) -> str:
    if isinstance(said, bool):
        said = str(said).lower()
    if isinstance(said, int):  # a code of digits that Excel took for a number
        said = str(said)
    if not isinstance(said, str):
        raise CellError(f"holds {_kind_of(said)}: fill in {_WANTED[field.type]} as text")
    text = said[1:] if said.startswith("'") and said[1:].startswith((*RISKY, "'")) else said
    if len(text) > LONGEST or _CONTROL.search(text):
        raise CellError(f"holds a text with control characters or of more than {LONGEST} characters: shorten it")
    if field.type in ("code", "reference") and not _CODE.fullmatch(text):
        raise CellError(f"holds a text that is no code: fill in {_WANTED['code']}")
    if field.type == "choice" and text not in field.among:
        raise CellError(f"holds a text that is no choice: fill in one of {', '.join(field.among)}")
    return text
