"""A checked query of Salesforce's language, and its answer from rows.

Rows hold instants as epoch milliseconds, dates as text, numbers as decimals.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Condition = Callable[[Row], bool]


class SoqlError(Exception):
    """A query that Salesforce refuses with `code`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Query:
    """A checked query."""

    object: str
    fields: list[str] | None
    where: Condition
    order: list[tuple[str, bool]]
    limit: int | None

    def answer(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows that pass, in order; nulls come first."""
        found = [row for row in rows if self.where(row)]
        for field, is_falling in reversed(self.order):
            found.sort(key=lambda row: (row[field] is not None, row[field]), reverse=is_falling)
        return found[: self.limit]
