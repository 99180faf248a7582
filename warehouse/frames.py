"""Rows out of and into PostgreSQL in bulk: COPY both ways, counts asserted.

Out: data frames (ml) and plain tuples. In: binary COPY, never text, since a bare `\\.` line in text COPY loses rows without an error.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from warehouse.connection import connect

if TYPE_CHECKING:
    import pandas as pd

# PostgreSQL type (oid) → Arrow type, by its name or as a function of pyarrow; anything else arrives as text.
_ARROW = {16: "bool", 20: "int64", 21: "int64", 23: "int64", 700: "float64", 701: "float64", 1082: "date32"}
_TIMESTAMPTZ, _NUMERIC = 1184, 1700


def read_frame(role: str, query: str, params: Sequence[Any] = ()) -> "pd.DataFrame":
    """Run `query` as `role` and return its rows as a typed frame; `numeric` arrives as Decimal, null stays missing."""
    import pyarrow as pa  # here, since most steps need no frames and the import takes a second
    from pyarrow import csv as arrow_csv

    known = {_TIMESTAMPTZ: pa.timestamp("us", tz="UTC"), _NUMERIC: pa.decimal128(38, 6)}
    known |= {oid: pa.type_for_alias(name) for oid, name in _ARROW.items()}
    with connect(role) as connection, connection.cursor() as cursor:
        bound = psycopg.ClientCursor(connection).mogrify(query, params) if params else query
        cursor.execute(f"select * from ({bound}) as described limit 0")  # noqa: S608 - our own statement, values bound
        types = {column.name: known.get(column.type_code, pa.string()) for column in cursor.description or ()}
        buffer = BytesIO()
        with cursor.copy(f"copy ({bound}) to stdout (format csv, header true)") as copy:
            for block in copy:
                buffer.write(block)
    buffer.seek(0)
    convert = arrow_csv.ConvertOptions(
        column_types=types,
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
        true_values=["t"],
        false_values=["f"],
    )
    parse = arrow_csv.ParseOptions(newlines_in_values=True)
    frame: pd.DataFrame = arrow_csv.read_csv(buffer, parse_options=parse, convert_options=convert).to_pandas()
    return frame


def fetch_all(role: str, query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run `query` as `role` and return all rows as tuples."""
    with connect(role) as connection:
        return connection.execute(query, params).fetchall()


def append_rows(
    connection: psycopg.Connection, table: str, columns: dict[str, str], rows: Iterable[Sequence[Any]]
) -> int:
    """Append `rows` to `table` ("schema.name") by binary COPY inside the caller's transaction. `columns`: name → PostgreSQL type.

    Returns the number of rows; raises RuntimeError when the server counted another number than was sent.
    """
    target = sql.SQL("copy {} ({}) from stdin (format binary)").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    sent = 0
    with connection.cursor() as cursor:
        with cursor.copy(target) as copy:
            copy.set_types(list(columns.values()))
            for row in rows:
                copy.write_row(row)
                sent += 1
        if cursor.rowcount != sent:
            raise RuntimeError(
                f"COPY into {table} reported {cursor.rowcount} of {sent} rows: nothing was kept, rerun the step"
            )
    return sent
