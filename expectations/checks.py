"""What a suite is made of: one query, and checks on its columns, each with level, threshold and the reason for it.

A query computes facts about rows as booleans and figures, so that a check counts rows and never needs to show a value.
"""

from dataclasses import dataclass
from string import Template
from typing import Literal

from great_expectations import expectations as gxe

Level = Literal["critical", "warning"]
STRICT = "__holds"


@dataclass(frozen=True)
class Suite:
    """Checks on the rows of one query. `record_id` among its columns names a row; `action` says what to do when a check fails."""

    name: str
    table: str
    query: str
    action: str
    checks: tuple[gxe.Expectation, ...]

    @property
    def strict_query(self) -> str:
        """The query with each fact a second time, null turned into false: GX skips nulls, and what is unknown must not pass."""
        facts = dict.fromkeys(check.column for check in self.checks if check.meta.get("is_fact"))
        doubled = "".join(f", coalesce(facts.{fact.removesuffix(STRICT)}, false) as {fact}" for fact in facts)
        return Template("select facts.*$doubled from ($query) as facts").substitute(doubled=doubled, query=self.query)


def holds(column: str, reason: str, *, level: Level = "critical", mostly: float = 1.0) -> gxe.Expectation:
    """The fact `column`, a boolean of the suite's query, is true in at least the share `mostly` of the rows; null is not true."""
    return gxe.ExpectColumnValuesToBeInSet(
        column=column + STRICT,
        value_set=[True],
        mostly=mostly,
        severity=level,
        notes=reason,
        meta={"check": column, "threshold": _share(mostly), "is_fact": True},
    )


def never_null(column: str, reason: str, *, level: Level = "critical", mostly: float = 1.0) -> gxe.Expectation:
    """`column` has a value in at least the share `mostly` of the rows."""
    return gxe.ExpectColumnValuesToNotBeNull(
        column=column,
        mostly=mostly,
        severity=level,
        notes=reason,
        meta={"check": f"{column} is known", "threshold": _share(mostly)},
    )


def unique(columns: list[str], reason: str) -> gxe.Expectation:
    """No two rows share the values of `columns`."""
    told = {
        "severity": "critical",
        "notes": reason,
        "meta": {"check": f"{', '.join(columns)} is unique", "threshold": "no row twice"},
    }
    if len(columns) == 1:
        return gxe.ExpectColumnValuesToBeUnique(column=columns[0], **told)
    return gxe.ExpectCompoundColumnsToBeUnique(column_list=columns, **told)


def within(
    column: str, least: float | None, most: float | None, reason: str, *, level: Level = "critical"
) -> gxe.Expectation:
    """Every known value of `column` lies in [least, most]; None leaves a side open."""
    return gxe.ExpectColumnValuesToBeBetween(
        column=column,
        min_value=least,
        max_value=most,
        severity=level,
        notes=reason,
        meta={"check": f"{column} in range", "threshold": f"{_side(least)} to {_side(most)}"},
    )


def has_rows(reason: str, *, least: int = 1, most: int | None = None, level: Level = "critical") -> gxe.Expectation:
    """The query has between `least` and `most` rows."""
    return gxe.ExpectTableRowCountToBeBetween(
        min_value=least,
        max_value=most,
        severity=level,
        notes=reason,
        meta={"check": "number of rows", "threshold": f"{least} to {_side(most)} rows"},
    )


def no_rows(faults: str, reason: str, *, level: Level) -> gxe.Expectation:
    """The query, which lists `faults`, has no rows."""
    return gxe.ExpectTableRowCountToEqual(
        value=0, severity=level, notes=reason, meta={"check": f"number of {faults}", "threshold": "none"}
    )


def _share(mostly: float) -> str:
    return "every row" if mostly == 1 else f"at least {mostly:.1%} of rows"


def _side(bound: float | None) -> str:
    return "any" if bound is None else f"{bound:g}"
