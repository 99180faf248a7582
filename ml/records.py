"""Appending to schema `scores`: all rows of one run in one transaction, once. A second run with equal rows appends nothing."""

from collections.abc import Sequence
from typing import Any

from warehouse.connection import connect
from warehouse.failpoints import failpoint
from warehouse.frames import append_rows, fetch_all
from warehouse.steps import StepError

Row = Sequence[Any]


def append_once(table: str, columns: dict[str, str], rows: list[Row], build_id: str, step: str) -> int:
    """Append the rows of `build_id` (first column) to `table`, sorted as given; returns the number appended now.

    Rows that are there already must equal these; otherwise StepError, and nothing is written.
    """
    kept = fetch_all("ml", f"select {', '.join(columns)} from {table} where build_id = %s", (build_id,))  # noqa: S608 - our own names
    if kept:
        if sorted(map(_comparable, kept)) != sorted(map(_comparable, rows)):
            raise StepError(
                f"{table} holds other rows for build {build_id} than this run computed ({len(kept)} kept, {len(rows)} now): "
                f"run `python -m warehouse open-build` for the day, which names a new build, then rerun"
            )
        return 0
    failpoint(f"{step}.before")
    with connect("ml") as connection:
        appended = append_rows(connection, table, columns, rows)
        failpoint(f"{step}.inside")
    failpoint(f"{step}.after")
    return appended


def _comparable(row: Row) -> tuple[str, ...]:
    return tuple(_text(value) for value in row)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return repr(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
