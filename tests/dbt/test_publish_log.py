"""The publish log: how long the steps of each published build took, what it held, and who took readers back from it."""

from datetime import date

import pytest

from tests.end_to_end.line import steps_of_the_dag
from warehouse.connection import connect

pytestmark = pytest.mark.slow

FIRST, AGAIN, BUILD = "20260511_aaaaaaaaaaaa", "20260511_bbbbbbbbbbbb", "20260512_cccccccccccc"
MODELS = "stg_landfall__builds stg_landfall__publications stg_landfall__step_runs stg_landfall__loads rpt_publication rpt_rollback"
LOG = (
    "select published_build_id, content_digest, night_seconds::float, rollbacks_count from build_{}.rpt_publication"
    " order by publication_number"
)
BACK = (
    "select from_build_id, to_build_id, done_by, from_day::text, to_day::text, to_char(rolled_back_at, 'HH24:MI')"
    " from build_{}.rpt_rollback"
)
# step, began and ended in the night after 2026-05-11, how
RUNS = [
    ("extract", "01:30:00", "01:40:00", "done"),
    ("extract", "01:30:00", "01:35:00", "done"),  # another system at the same time
    ("marts", "02:00:00", "02:10:00", "failed"),
    ("marts", "03:00:00", "03:10:00", "done"),  # fifty minutes later, when somebody had mended it
    ("publish", "03:20:00", "03:21:00", "done"),  # readers saw it after half a minute
    ("sync", "03:30:00", "03:40:00", "done"),  # nobody waits for it
    ("extract", "09:00:00", "09:02:00", "done"),  # the rerun of the day
    ("publish", "09:10:00", "09:10:20", "done"),
]


def publish(
    build_id: str, at: str, kind: str = "publish", from_build: str | None = None, by: str | None = None
) -> None:
    """A row of the publish log at that time of 2026-05-12."""
    with connect("owner_ddl") as connection:
        connection.execute(
            "insert into ops.publications (build_id, as_of, kind, manifest, from_build_id, done_by, published_at)"
            " select build_id, as_of, %s, jsonb_build_object('sha256', 'of ' || build_id), %s, %s, %s"
            " from ops.builds where build_id = %s",
            (kind, from_build, by, f"2026-05-12 {at}+00", build_id),
        )


@pytest.fixture(scope="module")
def told(tenant_database, build, query):  # type: ignore[no-untyped-def]
    """The log as the build of the 12th first told it, and as it told it when it was made again after it was published and rolled back."""
    with connect("owner_ddl") as connection:
        for build_id in (FIRST, AGAIN, BUILD):
            connection.execute(
                "insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state)"
                " values (%s, to_date(left(%s, 8), 'YYYYMMDD'), 'x', 'x', 'win-1', 1, 'building')",
                (build_id, build_id),
            )
        for step, began, ended, state in RUNS:
            connection.execute(
                "insert into ops.step_runs (as_of, step, state, started_at, finished_at) values ('2026-05-11', %s, %s, %s, %s)",
                (step, state, f"2026-05-12 {began}+00", f"2026-05-12 {ended}+00"),
            )
    publish(FIRST, "03:20:30")
    publish(AGAIN, "09:10:15")
    publish(FIRST, "10:00:00", "rollback", AGAIN, "lin")
    found = []
    for _ in range(2):
        build(MODELS, "2026-05-12", build_id=BUILD, build_schema=f"build_{BUILD}")
        found.append((query(LOG.format(BUILD)), query(BACK.format(BUILD))))
        publish(BUILD, "23:00:00")
        publish(AGAIN, "23:30:00", "rollback", BUILD, "wang")
    return found


def test_a_night_took_what_its_steps_did_until_readers_saw_its_build(told):  # type: ignore[no-untyped-def]
    """Ten minutes of reading, two attempts of ten at the marts, half a minute of publishing; the rerun two minutes and 15 seconds."""
    log, _ = told[0]
    assert log == [(FIRST, f"of {FIRST}", 1830.0, 0), (AGAIN, f"of {AGAIN}", 135.0, 1)]


def test_a_rollback_says_who_took_readers_from_which_build_to_which(told):  # type: ignore[no-untyped-def]
    _, back = told[0]
    assert back == [(AGAIN, FIRST, "lin", "2026-05-11", "2026-05-11", "10:00")]


def test_the_build_made_again_tells_the_same_log(told):  # type: ignore[no-untyped-def]
    assert told[1] == told[0]


def test_a_publication_waits_for_the_dags_steps_up_to_its_own(told, query):  # type: ignore[no-untyped-def]
    names = [task for task, _ in steps_of_the_dag()]
    with connect("owner_ddl") as connection:
        for name in names:
            connection.execute(
                "insert into ops.step_runs (as_of, step, state, finished_at) values (%s, %s, 'done', now())",
                (date(2026, 5, 1), name),
            )
    waited = query(
        "select step from staging.stg_landfall__step_runs where as_of = '2026-05-01' and is_before_publication order by run_id"
    )
    assert [name for (name,) in waited] == names[: names.index("publish") + 1]
