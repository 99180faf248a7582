"""What a gate leaves behind: results as counts and ids, one verdict, both in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from warehouse.connection import connect


@dataclass(frozen=True)
class Outcome:
    """One check after it ran. `observed` and `failed` count rows; `ids` names at most 20 of those that failed."""

    suite: str
    table: str
    check: str
    threshold: str
    reason: str
    level: Literal["critical", "warning"]
    state: Literal["passed", "failed", "error"]
    observed: int | None
    failed: int | None
    ids: list[str]
    action: str
    error: str = ""

    @property
    def stops(self) -> bool:
        """Whether this outcome blocks the gate: a failed critical check, or any check that could not run."""
        return self.state == "error" or (self.state == "failed" and self.level == "critical")

    @property
    def sentence(self) -> str:
        """Table, check, figures and next action in one sentence."""
        if self.state == "error":
            figures = f"could not run ({self.error})"
        elif self.failed is None:
            figures = f"is {self.observed}"
        else:
            figures = f"fails for {self.failed} of {self.observed} rows"
        first = f", first {', '.join(self.ids[:3])}" if self.ids else ""
        return f"{self.table}: {self.check} {figures} (allowed: {self.threshold}{first}): {self.action}"


@dataclass(frozen=True)
class Verdict:
    """What a gate decided."""

    border: str
    as_of: date
    build_id: str | None
    verdict: Literal["passed", "blocked"]
    reason: str


def record_start(border: str, as_of: date, build_id: str | None) -> None:
    """Block the border until the gate has finished: whatever kills it, nothing passes."""
    record(
        Verdict(border, as_of, build_id, "blocked", f"the {border} gate has begun and not finished: run it again"), []
    )


def record(verdict: Verdict, outcomes: list[Outcome], also: Callable[[Any], None] | None = None) -> None:
    """Write outcomes and verdict, and run `also` with the connection, in one transaction."""
    with connect("checker") as connection:
        for outcome in outcomes:
            ids = f"; first ids: {', '.join(outcome.ids)}" if outcome.ids else ""
            connection.execute(
                """insert into ops.check_results (as_of, border, suite, expectation, table_name, level, state, observed_count, failed_count,
                       threshold, reason, build_id, checked_at)
                   values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, transaction_timestamp())""",
                (
                    verdict.as_of,
                    verdict.border,
                    outcome.suite,
                    outcome.check,
                    outcome.table,
                    outcome.level,
                    outcome.state,
                    outcome.observed,
                    outcome.failed,
                    outcome.threshold,
                    outcome.reason + ids,
                    verdict.build_id,
                ),
            )
        connection.execute(
            "insert into ops.gate_verdicts (as_of, border, build_id, verdict, reason) values (%s, %s, %s, %s, %s)",
            (verdict.as_of, verdict.border, verdict.build_id, verdict.verdict, verdict.reason),
        )
        if also:
            also(connection)
