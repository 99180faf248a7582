"""What the pages' queries give: name and type of each column, asked of the database as a reader; and what one costs as the page server."""

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.settings import settings
from warehouse import page_logins
from warehouse.connection import connect
from warehouse.steps import StepError


def columns_of(queries: dict[str, str]) -> dict[str, dict[str, str]]:
    """Column → type of each query's result, in order. Raises StepError where the published marts do not carry a query."""
    found = {}
    with connect("bi_reader") as connection:
        for name, query in queries.items():
            try:
                cursor = connection.execute(sql.SQL("select * from ({}) as q limit 0").format(sql.SQL(query)))
            except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
                raise StepError(
                    f"the published marts do not carry the pages' query {name} ({str(error).splitlines()[0]}): "
                    "run `make nightly` once with this version, then rerun"
                ) from None
            found[name] = {column.name: _type(column.type_code) for column in cursor.description or []}
    return found


def _type(oid: int) -> str:
    known = psycopg.adapters.types.get(oid)
    name = known.regtype if known else "text"
    return {"timestamp with time zone": "TIMESTAMPTZ"}.get(name, name).upper()


def regions_and_reps() -> tuple[str, str]:
    """A region and a person of the published organisation, each the one with the most on the table; empty where there is none."""
    found = []
    with connect("bi_reader") as connection:
        for level in ("region", "rep"):
            row = connection.execute(
                "select node_id from published.mart_period_forecast where node_level = %s order by won + from_open desc, node_id limit 1",
                (level,),
            ).fetchone()
            found.append(str(row[0]) if row else "")
    return found[0], found[1]


@dataclass(frozen=True)
class Plan:
    """A query's time in PostgreSQL (planning and execution) and its most expensive parts in words."""

    ms: float
    costly: list[str]


def plan_of(query: str, password: Path, rounds: int) -> Plan:
    """The median over some rounds after a first one, run as the login that reads for the pages, with its rules in the query."""
    now = settings()
    with psycopg.connect(
        host=now.pg_host, port=now.pg_port, dbname=now.pg_database, user=page_logins.READER, password=password.read_text("utf-8").strip()
    ) as server:  # fmt: skip
        plans = [_explained(server, query) for _ in range(rounds + 1)][1:]
    return Plan(
        statistics.median(plan["Planning Time"] + plan["Execution Time"] for plan in plans), _costly(plans[-1]["Plan"])
    )


def _explained(server: psycopg.Connection, query: str) -> dict[str, Any]:
    row: Any = server.execute(
        sql.SQL("explain (analyze, timing on, format json) {}").format(sql.SQL(query.rstrip("; \n")))
    ).fetchone()
    return dict(row[0][0])


def _costly(plan: dict[str, Any]) -> list[str]:
    """The three nodes of a plan that took longest by themselves."""
    found: list[tuple[float, str]] = []

    def walk(node: dict[str, Any]) -> float:
        took = float(node["Actual Total Time"]) * int(node["Actual Loops"])
        inner = sum(walk(child) for child in node.get("Plans", []))
        what = node.get("Relation Name") or node.get("CTE Name") or ""
        found.append(
            (
                max(took - inner, 0.0),
                f"{node['Node Type']} {what}".strip() + f" over {node['Actual Rows'] * node['Actual Loops']:,.0f} rows",
            )
        )
        return took

    walk(plan)
    return [f"{what} {ms:.0f} ms" for ms, what in sorted(found, reverse=True)[:3]]
