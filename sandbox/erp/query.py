"""ExecuteBillQuery over the ERP's rows: checked fields, a FilterString, an OrderString, one page.

In: the vendor's query object. Out: rows as lists in the order of FieldKeys. Raises ErpError for what the vendor refuses.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.erp.forms import FORMS
from sandbox.erp.lines import Row

TOKENS = re.compile(r"\s*(?:(\()|(\))|(<>|>=|<=|=|>|<)|'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)(?![\w.])|([A-Za-z_][\w.]*))")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}
Test = Callable[[Row], bool]


class ErpError(Exception):
    """A refusal in the vendor's words."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


def columns(form: str, text: object) -> list[str]:
    """The fields that FieldKeys names. Raises ErpError for one that the form lacks."""
    names = [name.strip() for name in str(text or "").split(",") if name.strip()]
    for name in names:
        if name not in FORMS[form].fields:
            raise ErpError(f"元数据中标识为{name}的字段不存在")
    return names


def page(form: str, rows: list[Row], asked: Mapping[str, Any], ceiling: int) -> list[list[Any]]:
    """One page of the rows, at most `ceiling` of them whatever was asked for."""
    names, wanted = columns(form, asked.get("FieldKeys")), parsed(form, str(asked.get("FilterString") or ""))
    found = [row for row in rows if wanted(row)]
    for term in reversed([term.split() for term in str(asked.get("OrderString") or "").split(",") if term.strip()]):
        (name,) = columns(form, term[0])
        found.sort(key=lambda row: (row.get(name) is not None, row.get(name)), reverse=term[-1].upper() == "DESC")
    start, limit = int(asked.get("StartRow") or 0), int(asked.get("Limit") or 0) or ceiling
    return [[row.get(name) for name in names] for row in found[start : start + min(limit, ceiling)]]


def parsed(form: str, text: str) -> Test:
    """The test that a FilterString makes of a row: comparisons of a field with a literal, `and`, `or`, brackets."""
    tokens, place = [], 0
    while text[place:].strip():
        found = TOKENS.match(text, place)
        if found is None:
            raise ErpError(f"FilterString 语法错误: {text[place : place + 20]}")
        tokens.append(found)
        place = found.end()
    if not tokens:
        return lambda _row: True
    reader = _Reader(form, tokens)
    test = reader.either()
    if reader.tokens:
        raise ErpError("FilterString 语法错误")
    return test


class _Reader:
    """Reads a FilterString's tokens from left to right."""

    def __init__(self, form: str, tokens: list[re.Match[str]]) -> None:
        self.form, self.tokens = form, tokens

    def either(self) -> Test:
        tests = [self._all()]
        while self._is_word("or"):
            tests.append(self._all())
        return lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._is_word("and"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        first = self._next()
        if first[1]:
            test = self.either()
            if not self._next()[2]:
                raise ErpError("FilterString 语法错误: )")
            return test
        (name,) = columns(self.form, first[6])
        operator, value = self._next()[3], self._literal()
        if operator not in COMPARISONS:
            raise ErpError(f"FilterString 语法错误: {name}")
        return lambda row: row.get(name) is not None and COMPARISONS[operator](*_alike(row[name], value))

    def _literal(self) -> Any:
        found = self._next()
        if found[4] is not None:
            return found[4].replace("''", "'")
        if found[5] is None:
            raise ErpError("FilterString 语法错误: 值")
        return float(found[5])

    def _next(self) -> re.Match[str]:
        if not self.tokens:
            raise ErpError("FilterString 语法错误")
        return self.tokens.pop(0)

    def _is_word(self, word: str) -> bool:
        if self.tokens and (self.tokens[0][6] or "").lower() == word:
            self.tokens.pop(0)
            return True
        return False


def _alike(held: Any, given: Any) -> tuple[Any, Any]:
    """Both sides as one kind: a time written with a blank compares like one with a T, a number written as text like a number."""
    if isinstance(held, str):
        return (held, re.sub(r"^(\d{4}-\d\d-\d\d) ", r"\1T", given)) if isinstance(given, str) else (held, str(given))
    return held, float(given)
