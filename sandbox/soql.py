"""The part of Salesforce's query language that the sandbox understands, refused as strictly as Salesforce refuses it.

In: the text of a query and the fields of each object. Out: object, fields (None: a mere count), a condition on rows, order and limit. Rows
hold instants as epoch milliseconds, dates as text, numbers as decimals. Raises SoqlError with Salesforce's own error codes.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.soql_query import Condition, Query, SoqlError

TOKENS = re.compile(
    r"(?P<text>'(?:[^'\\]|\\.)*')|(?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.]\d{1,3})?(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d)|(?P<number>-?\d+(?:[.]\d+)?)|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<|>|=|[(),])|(?P<other>\S)"
)
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda held, asked: held == asked,
    "!=": lambda held, asked: held != asked,
    "<": lambda held, asked: held is not None and asked is not None and held < asked,
    "<=": lambda held, asked: held is not None and asked is not None and held <= asked,
    ">": lambda held, asked: held is not None and asked is not None and held > asked,
    ">=": lambda held, asked: held is not None and asked is not None and held >= asked,
}
LITERALS = {"datetime": "instant", "date": "date", "number": "number", "boolean": "word"}  # everything else is quoted
KEYWORDS = {"FROM", "WHERE", "AND", "OR", "NOT", "IN", "ORDER", "BY", "LIMIT", "ASC", "DESC", "SELECT"}


def parse(text: str, objects: Mapping[str, Mapping[str, str]]) -> Query:
    """The query in `text`. `objects`: object → field → kind (id, text, number, boolean, date, datetime)."""
    return _Parser(text, objects).query()


class _Parser:
    def __init__(self, text: str, objects: Mapping[str, Mapping[str, str]]) -> None:
        self._tokens = [(str(found.lastgroup), found.group()) for found in TOKENS.finditer(text)]
        self._at, self._objects, self._kinds = 0, objects, dict[str, str]()

    def query(self) -> Query:
        self._expect("SELECT")
        asked = self._selected()
        self._expect("FROM")
        name = self._word()
        if name not in self._objects:
            raise SoqlError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        self._kinds = dict(self._objects[name])
        fields = None if asked is None else [self._field(field) for field in asked]
        where = self._conditions() if self._take("WHERE") else lambda _: True
        order = self._order() if self._take("ORDER") else []
        limit = int(self._next("number")) if self._take("LIMIT") else None
        if self._at < len(self._tokens):
            raise self._unexpected()
        return Query(name, fields, where, order, limit)

    def _selected(self) -> list[str] | None:
        names = [self._word()]
        if names == ["COUNT"]:
            self._sign("(")
            self._sign(")")
            return None
        while self._is_sign(","):
            names.append(self._word())
        if len(names) != len({name.lower() for name in names}):
            raise SoqlError("INVALID_FIELD", "duplicate field selected")
        return names

    def _conditions(self) -> Condition:
        """One or more conditions joined by AND or by OR; both together need parentheses."""
        parts, joined = [self._condition()], ""
        while (word := self._ahead()) in ("AND", "OR") and word in (joined or word):
            self._at += 1
            joined = word
            parts.append(self._condition())
        if self._ahead() in ("AND", "OR"):
            raise self._unexpected()
        together = any if joined == "OR" else all
        return lambda row: together(part(row) for part in parts)

    def _condition(self) -> Condition:
        if self._take("NOT"):
            inner = self._condition()
            return lambda row: not inner(row)
        if self._is_sign("("):
            inside = self._conditions()
            self._sign(")")
            return inside
        field = self._field(self._word())
        if self._take("IN"):
            self._sign("(")
            values = [self._literal(field)]
            while self._is_sign(","):
                values.append(self._literal(field))
            self._sign(")")
            return lambda row: row[field] in values
        compare, value = self._comparison(), self._literal(field)
        return lambda row: compare(row[field], value)

    def _comparison(self) -> Callable[[Any, Any], bool]:
        sign = self._next("sign")
        if sign not in COMPARED:
            self._at -= 1
            raise self._unexpected()
        return COMPARED[sign]

    def _literal(self, field: str) -> Any:
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        if kind == "word" and text.lower() == "null":
            self._at += 1
            return None
        if kind != LITERALS.get(self._kinds[field], "text"):
            quoted = "should not be enclosed in quotes" if kind == "text" else "is of another type"
            told = f"value of filter criterion for field '{field}' must be of type {self._kinds[field]} and {quoted}"
            raise (
                SoqlError("INVALID_FIELD", told)
                if kind in ("text", "number", "date", "instant")
                else self._unexpected()
            )
        self._at += 1
        return _value(kind, text)

    def _order(self) -> list[tuple[str, bool]]:
        self._expect("BY")
        order: list[tuple[str, bool]] = []
        while not order or self._is_sign(","):
            field = self._field(self._word())
            order.append((field, self._take("DESC") or (self._take("ASC") and False)))
        return order

    def _field(self, name: str) -> str:
        known = {field.lower(): field for field in self._kinds}
        if name.lower() not in known:
            raise SoqlError(
                "INVALID_FIELD",
                f"No such column '{name}' on entity. If you are attempting to use a custom field, be sure to append the '__c'.",
            )
        return known[name.lower()]

    def _word(self) -> str:
        word = self._next("word")
        if word.upper() in KEYWORDS:
            self._at -= 1
            raise self._unexpected()
        return word

    def _next(self, kind: str) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != kind:
            raise self._unexpected()
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _ahead(self) -> str:
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        return text.upper() if kind == "word" else ""

    def _take(self, keyword: str) -> bool:
        is_there = self._ahead() == keyword
        self._at += is_there
        return is_there

    def _expect(self, keyword: str) -> None:
        if not self._take(keyword):
            raise self._unexpected()

    def _is_sign(self, sign: str) -> bool:
        is_there = self._tokens[self._at : self._at + 1] == [("sign", sign)]
        self._at += is_there
        return is_there

    def _sign(self, sign: str) -> None:
        if not self._is_sign(sign):
            raise self._unexpected()

    def _unexpected(self) -> SoqlError:
        token = self._tokens[self._at][1] if self._at < len(self._tokens) else "<EOF>"
        return SoqlError("MALFORMED_QUERY", f"unexpected token: '{token}'")


def _value(kind: str, text: str) -> Any:
    if kind == "text":
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if kind == "instant":
        return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)
    if kind == "number":
        return Decimal(text)
    return text if kind == "date" else text.lower() == "true"
