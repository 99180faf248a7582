"""Which columns the columns of one compiled SELECT come from, by sqlglot.

In: SQL of PostgreSQL as dbt compiled it, the columns of the relations that it reads. Out: per output column the columns that its value is
made of, JSON keys of raw records as columns of their own, or why that cannot be told. Joins and filters decide which rows there are and
are not part of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage

Columns = tuple[str, ...]
_QUOTE = "'"
UNDERLINED = re.compile(r"\x1b\[[0-9;]*m")
ROWS = "made of rows or constants, of no column"


@dataclass(frozen=True, slots=True)
class Relation:
    """A table as SQL names it."""

    database: str
    schema: str
    name: str


@dataclass(frozen=True, slots=True)
class Made:
    """What one column is made of: (relation, column) pairs; `doubt` says what is not told, "" where all is."""

    of: tuple[tuple[Relation, str], ...]
    doubt: str = ""


def columns_of(sql: str, known: Mapping[Relation, Columns]) -> dict[str, Made]:
    """Per output column of `sql` what it is made of; `known` names the columns of the relations that it may read.

    Raises ValueError with sqlglot's words for SQL that it cannot read.
    """
    tables: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
    for relation, columns in known.items():
        named = dict.fromkeys(columns, "unknown")
        tables.setdefault(relation.database, {}).setdefault(relation.schema, {})[relation.name] = named
    try:
        found = lineage(None, sql, tables, dialect="postgres", validate_qualify_columns=False)
    except (SqlglotError, RecursionError) as error:
        raise ValueError(" ".join(UNDERLINED.sub("", str(error)).split())[:200]) from error
    return {name.strip('"'): _made(node) for name, node in found.items()}


def _made(node: Node) -> Made:
    of: dict[tuple[Relation, str], None] = {}
    doubts: list[str] = []
    for each in node.walk():
        for leaf in each.downstream:
            if isinstance(leaf.expression, exp.Table) and leaf.expression.name:  # a series of numbers has none
                of |= dict.fromkeys((_relation(leaf.expression), name) for name in _read(each, leaf))
            elif not leaf.downstream and leaf.expression.find(exp.Placeholder):
                doubts.append(f"{leaf.name} is not told apart")
        if each.expression.find(exp.Star) and not each.expression.find(exp.Count):
            doubts.append("the columns of a select * are not known")
    if not of and not doubts:
        doubts.append(ROWS)
    return Made(tuple(of), "; ".join(dict.fromkeys(doubts)))


def _relation(table: exp.Table) -> Relation:
    return Relation(table.catalog, table.db, table.name)


def _read(node: Node, leaf: Node) -> list[str]:
    """The column that a leaf names, or the keys that are read of it where it holds JSON."""
    column = leaf.name.rpartition(".")[2].strip('"')
    keys = [
        f"{column}->{found.expression.sql().strip(_QUOTE).removeprefix('$.')}"
        for found in node.expression.find_all(exp.JSONExtractScalar, exp.JSONExtract)
        if isinstance(found.this, exp.Column) and found.this.name == column
    ]
    return list(dict.fromkeys(keys)) or [column]
