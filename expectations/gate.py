"""One gate: runs a border's suites in one Great Expectations context and gives a verdict that is `blocked` until shown otherwise.

In: suites. Out: counts and record ids in `ops.check_results`, never values; a verdict in `ops.gate_verdicts`; Data Docs under
`<home>/data_docs/<border>`. A check that could not run has failed, whatever its level.
"""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig

from config.settings import settings
from expectations.checks import Suite
from expectations.ledger import Outcome, Verdict, record, record_start
from warehouse.connection import sqlalchemy_url
from warehouse.frames import fetch_all
from warehouse.steps import GateBlocked

Border = Literal["landing", "features", "marts"]
SHOWN_IDS = 20
_FAILING = {  # the condition under which a row fails; ranges take theirs from their bounds
    "expect_column_values_to_be_in_set": "{0} is not true",
    "expect_column_values_to_not_be_null": "{0} is null",
    "expect_column_values_to_be_between": "",
    "expect_table_row_count_to_equal": "true",  # of a query that lists faults each row is one
}
COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0, "exclude_unexpected_values": True}


@dataclass(frozen=True)
class Gate:
    """A border on one day. `build_id` where the border belongs to a build; `note` is added to a passed verdict."""

    border: Border
    as_of: date
    build_id: str | None = None
    note: str = ""

    def decide(self, suites: Callable[[], list[Suite]], on_passed: Callable[[Any], None] | None = None) -> str:
        """Run `suites` and record the verdict; `on_passed` runs in its transaction.

        Returns a sentence and one more a warning; raises GateBlocked.
        """
        record_start(self.border, self.as_of, self.build_id)
        try:
            outcomes = run_suites(self.border, suites())
        except Exception as error:
            reason = f"the {self.border} gate could not run ({_name(error)}): run the step before it, then rerun"
            record(Verdict(self.border, self.as_of, self.build_id, "blocked", reason), [])
            raise GateBlocked(reason) from error
        stopping = [outcome for outcome in outcomes if outcome.stops]
        warned = [outcome for outcome in outcomes if outcome.state == "failed" and not outcome.stops]
        if not outcomes:
            reason = f"the {self.border} gate had nothing to check: run the step before it, then rerun"
        elif stopping:
            others = (
                f" (and {len(stopping) - 1} more failed checks, see ops.check_results)" if len(stopping) > 1 else ""
            )
            reason = stopping[0].sentence + others
        else:
            reason = f"{len(outcomes)} checks, {len(warned)} warnings{self.note}"
            record(Verdict(self.border, self.as_of, self.build_id, "passed", reason), outcomes, on_passed)
            return "\n".join(
                [f"{self.border} gate passed: {reason}", *(f"warning: {outcome.sentence}" for outcome in warned)]
            )
        record(Verdict(self.border, self.as_of, self.build_id, "blocked", reason), outcomes)
        raise GateBlocked(f"{self.border} gate blocked: {reason}")


def run_suites(border: Border, suites: list[Suite]) -> list[Outcome]:
    """Run all suites as role `checker`; one outcome a check, in order. Writes the border's Data Docs."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    passfile = settings().pg_passfile
    source = context.data_sources.add_postgres(
        "warehouse",
        connection_string=sqlalchemy_url("checker"),
        kwargs={"connect_args": {"passfile": str(passfile)} if passfile else {}},
    )
    outcomes: list[Outcome] = []
    for suite in suites:
        asset = (
            source.add_query_asset(suite.table, query=suite.strict_query)
            if suite.table not in source.get_asset_names()
            else None
        )
        asset = asset or source.add_query_asset(f"{suite.table} ({suite.name})", query=suite.strict_query)
        definition = gx.ValidationDefinition(
            name=suite.name,
            data=asset.add_batch_definition_whole_table("all"),
            suite=context.suites.add(gx.ExpectationSuite(name=suite.name, expectations=list(suite.checks))),
        )
        found = context.validation_definitions.add(definition).run(result_format=COUNTS_ONLY)
        outcomes += [_outcome(suite, result) for result in found.results]
    _write_docs(context, border)
    return outcomes


def _outcome(suite: Suite, result: Any) -> Outcome:
    expectation, counts = result.expectation_config, result.result or {}
    has_run = "element_count" in counts or "observed_value" in counts
    state: Literal["passed", "failed", "error"] = "error" if not has_run else "passed" if result.success else "failed"
    ids = _failing_ids(suite, expectation) if state == "failed" and expectation.type in _FAILING else []
    return Outcome(
        suite=suite.name,
        table=suite.table,
        check=expectation.meta["check"],
        threshold=expectation.meta["threshold"],
        reason=str(expectation.notes),
        level=expectation.severity.value if hasattr(expectation.severity, "value") else expectation.severity,
        state=state,
        observed=counts.get("element_count", counts.get("observed_value")),
        failed=counts.get("unexpected_count"),
        ids=ids,
        action=suite.action,
        error=_error_kind(result.exception_info) if state == "error" else "",
    )


def _failing_ids(suite: Suite, expectation: Any) -> list[str]:
    """Ids of the first rows that fail a check."""
    column = expectation.kwargs.get("column")
    sides = (("<", expectation.kwargs.get("min_value")), (">", expectation.kwargs.get("max_value")))
    test = _FAILING[expectation.type] or " or ".join(
        f"{{0}} {sign} {bound}" for sign, bound in sides if bound is not None
    )
    query = f"select record_id from ({suite.strict_query}) as checked where {test.format(column)} order by 1 limit {SHOWN_IDS}"  # noqa: S608 - suites only
    return [str(record_id) for (record_id,) in fetch_all("checker", query)]


def _write_docs(context: Any, border: Border) -> None:
    folder = settings().home / "data_docs" / border
    shutil.rmtree(folder, ignore_errors=True)
    context.add_data_docs_site(
        "local",
        {
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
        },
    )
    context.build_data_docs(site_names=["local"])


def _error_kind(exception_info: Any) -> str:
    """The database's name for what went wrong, never its text."""
    found = re.search(r"psycopg\.errors\.(\w+)", str(exception_info))
    return found.group(1) if found else "no result"


def _name(error: BaseException) -> str:
    """The kind of error, the database's own where there is one; its text could hold values."""
    return type(getattr(error, "orig", None) or error).__name__
