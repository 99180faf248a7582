"""What the pages' queries give: name and type of each column, asked of the database as a reader."""

import psycopg
from psycopg import sql

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
