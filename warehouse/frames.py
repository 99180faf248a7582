"""Rows out of and into PostgreSQL in bulk: COPY both ways, counts asserted.

Out: data frames (ml) and plain tuples. In: binary COPY, never text, since a bare `\\.` line in text COPY loses rows without an error.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

import pandas as pd
import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv as arrow_csv

from warehouse.connection import connect

_ARROW = {
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int64(),
    23: pa.int64(),
    700: pa.float64(),
    701: pa.float64(),
    25: pa.string(),
    1043: pa.string(),
    1082: pa.date32(),
    1184: pa.timestamp("us", tz="UTC"),
    1700: pa.decimal128(38, 6),
    3802: pa.string(),
}


def read_frame(role: str, query: str, params: Sequence[Any] = ()) -> pd.DataFrame:
    """Run `query` as `role` and return its rows as a typed frame; `numeric` arrives as Decimal, null stays missing."""
    with connect(role) as connection, connection.cursor() as cursor:
        bound = psycopg.ClientCursor(connection).mogrify(query, params) if params else query
        cursor.execute(f"select * from ({bound}) as described limit 0")  # noqa: S608 - our own statement, values bound
        types = {column.name: _ARROW.get(column.type_code, pa.string()) for column in cursor.description or ()}
        buffer = BytesIO()
        with cursor.copy(f"copy ({bound}) to stdout (format csv, header true)") as copy:
            for block in copy:
                buffer.write(block)
    if not types:
        return pd.DataFrame()
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
