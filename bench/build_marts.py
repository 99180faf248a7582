"""What comes after the features of `bench.build`: the day is scored by a model and its marts are made, as the night does.

In: a day whose features are built. Out: the rows that scores and marts wrote, beside the open deals and the rows that the marts hold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from psycopg import sql

from bench.build_counts import Counts
from ml.forecast import forecast
from ml.score import score
from ml.train import train
from nightly import dbt, dbt_engine
from warehouse.builds import Build, open_build
from warehouse.connection import connect
from warehouse.steps import StepRun

Counting = Callable[[Callable[[], None]], Counts]


@dataclass(frozen=True)
class Outcome:
    """Rows that scores and marts wrote, rows and bytes that the marts hold, and the WAL of making them."""

    scores: int
    marts: int
    rows: int
    size: int
    wal: int


def finish(day: date, home: Path, counting: Counting) -> Outcome:
    """Train what there is, open the build of `day`, score it and make its marts."""
    train(day, StepRun("train", day), if_missing=True)
    build = open_build(day)
    scored = counting(lambda: _score(day))
    made = counting(lambda: _make(day, home))
    rows, size = _held(build)
    return Outcome(
        scored.written(("scores.opportunity_scores",)), made.written((f"{build.schema}.",)), rows, size, made.wal
    )


def _score(day: date) -> None:
    score(day, StepRun("score", day))
    forecast(day, StepRun("forecast", day))


def _make(day: date, home: Path) -> None:
    given = dbt.variables("marts", day, None, None, 1)
    faults = dbt_engine.build(["--selector", "marts"], given, home / "parsed", home / "state")
    if faults:
        raise SystemExit(f"dbt could not make the marts of {day}: {faults[0]}")


def _held(build: Build) -> tuple[int, int]:
    """Rows of the build's tables, and their bytes without indices."""
    with connect("transformer") as connection:
        tables = connection.execute(
            "select relname, pg_table_size(oid) from pg_class where relkind = 'r' and relnamespace = %s::regnamespace",
            (build.schema,),
        ).fetchall()
        rows = 0
        for name, _ in tables:
            counted = connection.execute(
                sql.SQL("select count(*) from {}").format(sql.Identifier(build.schema, name))
            ).fetchone()
            rows += counted[0] if counted else 0
    return rows, sum(size for _, size in tables)
