"""How long the steps of a night ran, what their walks asked of each system, and which models of SQL were slowest."""

import pytest
from psycopg.types.json import Jsonb

from warehouse.connection import connect

pytestmark = pytest.mark.slow

BUILD = "20260512_cccccccccccc"
MODELS = "stg_landfall__loads stg_landfall__model_times stg_landfall__step_runs rpt_run_time rpt_model_time"
STEPS = (
    "select night_of::text, step, system, runs_count, failed_count, run_seconds::float, peak_rss_bytes, requests_count, received_count"
    " from build_{}.rpt_run_time order by run_seconds desc, step, system"
)
SLOWEST = (
    "select step, sql_model, runs_count, run_seconds::float from build_{}.rpt_model_time order by run_seconds desc"
)
# night, step, system, began and ended on 2026-05-12, how, memory
RUNS = [
    ("2026-04-28", "extract", "fxiaoke", "00:10:00", "00:20:00", "done", 1),  # more than two weeks ago
    ("2026-05-11", "extract", "fxiaoke", "01:30:00", "01:40:00", "failed", 50),
    ("2026-05-11", "extract", "fxiaoke", "01:50:00", "01:55:00", "done", 70),
    ("2026-05-11", "extract", "kingdee", "01:30:00", "01:31:00", "done", 40),
    ("2026-05-11", "marts", None, "02:00:00", "02:02:00", "done", 200),
]
# system, began, requests, received
WALKS = [
    ("fxiaoke", "01:31:00", 3, 100),
    ("fxiaoke", "01:51:00", 2, 40),
    ("fxiaoke", "01:51:30", 5, 0),
    ("kingdee", "01:30:30", 7, 12),
    ("kingdee", "05:00:00", 99, 0),  # read by hand: of no run
]


def run(line: tuple[str, str, str | None, str, str, str, int], **detail: object) -> None:
    """A run of a step that ended."""
    day, step, system, began, ended, state, peak = line
    noted = ({"system": system} if system else {}) | detail
    with connect("owner_ddl") as connection:
        connection.execute(
            "insert into ops.step_runs (as_of, step, state, started_at, finished_at, peak_rss_bytes, detail)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            (day, step, state, f"2026-05-12 {began}+00", f"2026-05-12 {ended}+00", peak, Jsonb(noted)),
        )


@pytest.fixture(scope="module")
def told(tenant_database, build, query):  # type: ignore[no-untyped-def]
    """What the build of the 12th first told, and what it told when it was made again after the night of the 11th was run again."""
    slowest = [{"model": "fct_lead", "seconds": "20.5"}, {"model": "dim_date", "seconds": "0.4"}]
    for line in RUNS:
        run(line, **({"slowest": slowest} if line[1] == "marts" else {}))
    with connect("loader") as connection:
        for number, (system, began, requests, received) in enumerate(WALKS):
            connection.execute(
                "insert into ops.loads (load_id, system, stream, as_of, window_to, state, requests, received, landed, started_at)"
                " values (%s, %s, 'x', '2026-05-11', '2026-05-11 16:00+00', 'finished', %s, %s, %s, %s)",
                (f"w{number}", system, requests, received, received, f"2026-05-12 {began}+00"),
            )
    run(("2026-05-12", "open_build", None, "10:00:00", "10:00:01", "done", 10), build_id=BUILD)
    found = []
    for _ in range(2):
        build(MODELS, "2026-05-12", build_id=BUILD, build_schema=f"build_{BUILD}")
        found.append((query(STEPS.format(BUILD)), query(SLOWEST.format(BUILD))))
        run(("2026-05-11", "marts", None, "12:00:00", "12:10:00", "done", 900), slowest=slowest)
        run(("2026-05-12", "open_build", None, "13:00:00", "13:00:01", "done", 10), build_id=BUILD)
    return found


def test_a_nights_steps_are_told_with_their_attempts_and_what_they_asked_of_each_system(told):  # type: ignore[no-untyped-def]
    steps, _ = told[0]
    assert steps == [
        ("2026-05-11", "extract", "fxiaoke", 2, 1, 900.0, 70, 10, 140),
        ("2026-05-11", "marts", "", 1, 0, 120.0, 200, None, None),
        ("2026-05-11", "extract", "kingdee", 1, 0, 60.0, 40, 7, 12),
    ]


def test_the_slowest_models_of_a_layer_are_told_by_their_names(told):  # type: ignore[no-untyped-def]
    _, slowest = told[0]
    assert slowest == [("marts", "fct_lead", 1, 20.5), ("marts", "dim_date", 1, 0.4)]


def test_what_ran_after_a_build_was_opened_is_not_told_when_it_is_made_again(told):  # type: ignore[no-untyped-def]
    assert told[1] == told[0]
