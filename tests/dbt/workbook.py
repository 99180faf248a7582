"""The figures that a workbook's live formulas give, computed by its own formulas and nothing of ours.

In: an .xlsx file. Out: the value of any cell. Only what the worked example uses of the language is known: arithmetic, comparison, `&`, and
the functions below; anything else fails.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from openpyxl import load_workbook
from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.utils import range_boundaries

EPOCH = date(1899, 12, 30)
OPERATORS = {"=": "==", "<>": "!=", "^": "**"}
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
}


class Text(str):
    """A text in a formula; `&` joins."""

    def __and__(self, other: object) -> "Text":
        return Text(f"{self}{other}")


class Workbook:
    """A workbook whose cells are asked by name, as `value("deals", "B2")`."""

    def __init__(self, path: Path) -> None:
        self._book = load_workbook(path)
        self._known: dict[tuple[str, str], Any] = {}
        self._sheet = ""

    def value(self, sheet: str, cell: str) -> Any:
        """What the cell shows: a number, a text, or None."""
        key = (sheet, cell)
        if key not in self._known:
            content = self._book[sheet][cell].value
            if isinstance(content, str) and content.startswith("="):
                former, self._sheet = self._sheet, sheet
                content = eval(self._translated(content), {"f": FUNCTIONS, "Text": Text, "at": self._at})  # noqa: S307
                self._sheet = former
            self._known[key] = serial(content)
        return self._known[key]

    def table(self, sheet: str) -> dict[str, dict[str, Any]]:
        """A sheet whose first column names figures and whose first line names what they are of."""
        page = self._book[sheet]
        head = {str(cell.value): cell.column_letter for cell in page[1][1:]}
        return {
            str(row[0].value): {name: self.value(sheet, f"{column}{row[0].row}") for name, column in head.items()}
            for row in page.iter_rows(min_row=2)
        }

    def _at(self, sheet: str, place: str) -> Any:
        sheet = sheet or self._sheet
        if ":" not in place:
            found = self.value(sheet, place)
            return 0 if found is None else found
        left, top, right, bottom = range_boundaries(place)
        page = self._book[sheet]
        return [
            self.value(sheet, page.cell(row, column).coordinate)
            for row in range(int(top or 0), int(bottom or 0) + 1)
            for column in range(int(left or 0), int(right or 0) + 1)
        ]

    def _translated(self, formula: str) -> str:
        """The formula as an expression of Python."""
        tokens = iter(token for token in Tokenizer(formula).items if token.type != Token.WSPACE)
        return self._arguments(tokens)[0]

    def _arguments(self, tokens: Iterator[Token]) -> list[str]:
        """The arguments up to the closing parenthesis or the end, each as text."""
        parts = [""]
        for token in tokens:
            if token.subtype == Token.CLOSE:
                break
            if token.type == Token.SEP:
                parts.append("")
            else:
                parts[-1] += self._word(token, tokens)
        return parts

    def _word(self, token: Token, tokens: Iterator[Token]) -> str:
        if token.type == Token.FUNC:
            name, given = token.value[:-1], self._arguments(tokens)
            if name == "IF":
                return f"(({given[1]}) if ({given[0]}) else ({given[2]}))"
            return f"f[{name!r}]({', '.join(given)})"
        if token.type == Token.PAREN:
            return f"({self._arguments(tokens)[0]})"
        if token.type == Token.OPERAND and token.subtype == Token.RANGE:
            sheet, _, place = token.value.rpartition("!")
            return f"at({sheet!r}, {place.replace('$', '')!r})"
        if token.type == Token.OPERAND and token.subtype == Token.TEXT:
            return f"Text({token.value[1:-1]!r})"
        return OPERATORS.get(str(token.value), str(token.value))


def serial(content: Any) -> Any:
    """Dates as the numbers that they are in a workbook."""
    if isinstance(content, datetime):
        content = content.date()
    return (content - EPOCH).days if isinstance(content, date) else content


def numbers(*given: Any) -> list[float]:
    """All numbers among the arguments; ranges are opened, texts and blanks do not count."""
    flat = [value for one in given for value in (one if isinstance(one, list) else [one])]
    return [value for value in flat if isinstance(value, int | float)]


def meets(value: Any, criterion: Any) -> bool:
    """Whether a cell meets a criterion such as 5, "D101" or "<=46157"."""
    found = re.match(r"(<=|>=|<>|<|>|=)(.*)", str(criterion))
    sign, wanted = found.groups() if found else ("=", str(criterion))
    try:
        return value is not None and COMPARED[sign](float(value), float(wanted))
    except ValueError:
        return COMPARED[sign](str(value), wanted)


def chosen(values: list[Any], *criteria: Any) -> list[float]:
    """The numbers of a range whose row meets every pair of range and criterion."""
    pairs = list(zip(criteria[::2], criteria[1::2], strict=True))
    return [
        value
        for row, value in enumerate(values)
        if all(meets(cells[row], criterion) for cells, criterion in pairs) and isinstance(value, int | float)
    ]


def rounded(value: float, digits: int) -> float:
    """Half away from zero, on the decimal number that a person sees."""
    return float(Decimal(f"{value:.10f}").quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "SUM": lambda *given: sum(numbers(*given)),
    "MAX": lambda *given: max(numbers(*given), default=0),
    "MIN": lambda *given: min(numbers(*given), default=0),
    "SUMIFS": lambda values, *criteria: sum(chosen(values, *criteria)),
    "MAXIFS": lambda values, *criteria: max(chosen(values, *criteria), default=0),
    "MINIFS": lambda values, *criteria: min(chosen(values, *criteria), default=0),
    "COUNTIFS": lambda cells, criterion: sum(meets(cell, criterion) for cell in cells),
    "AND": lambda *given: all(given),
    "OR": lambda *given: any(given),
    "ABS": abs,
    "INT": lambda value: value // 1,
    "SQRT": lambda value: value**0.5,
    "ROUND": rounded,
    "ROUNDUP": lambda value, digits: -(-value // 1),
    "MEDIAN": lambda *given: median(numbers(*given)),
    "PERCENTILE": lambda values, share: float(np.percentile(numbers(values), share * 100)),
    "YEAR": lambda day: date.fromordinal(EPOCH.toordinal() + int(day)).year,
    "MONTH": lambda day: date.fromordinal(EPOCH.toordinal() + int(day)).month,
    "DATE": lambda year, month, day: (
        (date(int(year) + (int(month) - 1) // 12, (int(month) - 1) % 12 + 1, 1) - EPOCH).days + int(day) - 1
    ),
}
