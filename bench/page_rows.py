"""The marts of a published build grown to the size of a large company by set-based SQL, and back: what the pages' speed is measured on.

In: the published build of the home that settings name. Out: its partitions with every deal and node several times over. A night of
100,000 deals takes hours on two cores; a page reads marts only, and these have the columns, keys, statistics and rules of a real night.
"""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from warehouse.connection import connect

DEALS = ("fct_opportunity", "fct_opportunity_period", "mart_open_opportunities", "mart_chance_history")
NODES = (
    "mart_period_forecast", "mart_metrics", "mart_burn_up", "mart_coverage_curve", "mart_forecast_category", "mart_forecast_submission",
    "mart_forecast_accuracy", "mart_forecast_value_added", "mart_forecast_movement",
)  # fmt: skip
MARK = "~"  # what an added row's id carries
OWN_IDS = {"node_id", "owner_id", "team_id", "region_id", "leaf_node_id"}


@dataclass(frozen=True)
class Grown:
    """How large the marts are now."""

    deals: int
    open_deals: int
    nodes: int


def grow(deals: int, nodes_times: int) -> Grown:
    """Grow the published build to about that many deals, and its nodes below the company by a factor; statistics are gathered."""
    with connect("transformer") as connection:
        schema = f"build_{_published(connection)}"
        _remove(connection, schema)
        held = _one(connection, sql.SQL("select count(*) from {}").format(sql.Identifier(schema, "fct_opportunity")))
        company = _company(connection, schema)
        for name in NODES:
            _add(connection, schema, name, nodes_times, nodes_times, company)
        for name in DEALS:
            _add(connection, schema, name, -(-deals // held), nodes_times, company)
        for name in (*NODES, *DEALS):
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(schema, name)))
        counts = [_one(connection, sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name)))
                  for name in ("fct_opportunity", "mart_open_opportunities", "mart_period_forecast")]  # fmt: skip
    return Grown(*counts)


def shrink() -> None:
    """Take the added rows away again."""
    with connect("transformer") as connection:
        _remove(connection, f"build_{_published(connection)}")


def _published(connection: psycopg.Connection) -> str:
    return str(_one(connection, sql.SQL("select build_id from ops.published_build")))


def _company(connection: psycopg.Connection, schema: str) -> str:
    table = sql.Identifier(schema, "mart_period_forecast")
    query = sql.SQL("select node_id from {} where node_level = 'company'").format(table)
    return str(_one(connection, query))


def _add(connection: psycopg.Connection, schema: str, name: str, times: int, nodes_times: int, company: str) -> None:
    """Rows of copies 2 to `times`: a deal gets an id and an owner's copy of its own, a node a place below the one company."""
    columns = [row[0] for row in connection.execute(
        "select column_name from information_schema.columns where table_schema = %s and table_name = %s order by ordinal_position",
        (schema, name))]  # fmt: skip
    is_deals = name in DEALS
    made = [sql.Identifier(column) if column not in OWN_IDS | {"opportunity_id", "parent_node_id"}
            else _copied(column, is_deals, nodes_times, company) for column in columns]  # fmt: skip
    kept = sql.SQL("") if is_deals else sql.SQL("where node_id <> {}").format(sql.Literal(company))
    connection.execute(
        sql.SQL(
            "insert into {table} ({columns}) select {made} from {table}"
            " cross join generate_series(2, {times}) as copies (n) {kept}"
        ).format(
            table=sql.Identifier(schema, name), columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            made=sql.SQL(", ").join(made), times=sql.Literal(times), kept=kept)
    )  # fmt: skip


def _copied(column: str, is_deals: bool, nodes_times: int, company: str) -> sql.Composable:
    if column == "opportunity_id":
        return sql.SQL("{} || {} || n").format(sql.Identifier(column), sql.Literal(MARK))
    number = sql.SQL("(n % {} + 1)").format(sql.Literal(nodes_times)) if is_deals else sql.SQL("n")
    return sql.SQL("case when {c} = {company} or {number} = 1 then {c} else {c} || {mark} || {number} end").format(
        c=sql.Identifier(column), company=sql.Literal(company), number=number, mark=sql.Literal(MARK)
    )


def _remove(connection: psycopg.Connection, schema: str) -> None:
    for names, column in ((DEALS, "opportunity_id"), (NODES, "node_id")):
        for name in names:
            connection.execute(
                sql.SQL("delete from {} where {} like {}").format(
                    sql.Identifier(schema, name), sql.Identifier(column), sql.Literal(f"%{MARK}%")
                )
            )


def _one(connection: psycopg.Connection, query: sql.SQL | sql.Composed) -> Any:
    """The first value of a query's one row."""
    row: Any = connection.execute(query).fetchone()
    return row[0]
