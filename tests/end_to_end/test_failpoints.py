"""A night that is killed at the failpoints of six steps and taken up again ends with the same rows as its twin, which nobody disturbed."""

from dataclasses import dataclass
from itertools import product

import pytest

from tests.end_to_end.conftest import LineMaker
from tests.end_to_end.failures import KILLS, SIGKILLED
from tests.end_to_end.line import Line, steps_of_the_dag
from tests.end_to_end.tables import SCHEMAS, differing, hashes

pytestmark = pytest.mark.slow
STEPS = ("landing", "dbt", "score", "forecast", "publish", "writeback")
FAILPOINTS = tuple(f"{step}.{moment}" for step, moment in product(STEPS, ("before", "inside", "after")))


@dataclass(frozen=True)
class Twins:
    """Two companies of one seed after one night each, and how every killed step of the second ended."""

    calm: Line
    killed: Line
    endings: dict[tuple[str, int, str], int]


def night_with_kills(line: Line) -> dict[tuple[str, int, str], int]:
    """One night in which every step of KILLS dies at each of its failpoints and is then run again."""
    endings = {}
    for task, _ in steps_of_the_dag():
        for number, point in enumerate(KILLS.get(task, ())):
            endings[task, number, point] = line.step(task, line.day, FAILPOINT=point).returncode
        line.night(line.day, since=task, until=task)
    return endings


@pytest.fixture(scope="module")
def twins(new_line: LineMaker, first_night: Line) -> Twins:
    calm, killed = new_line.twin(first_night, "calm"), new_line("killed")
    return Twins(calm, killed, night_with_kills(killed))


def tables_of(line: Line) -> dict[str, str]:
    """Hashes of all that a night leaves, the published build's marts under their own names."""
    build = str(line.rows("select build_id from ops.published_build")[0][0])
    return hashes((*SCHEMAS, "intermediate", f"build_{build}"), line.rows)


def test_each_failpoint_of_the_six_steps_kills_the_step_it_stands_in(twins: Twins) -> None:
    assert {point for points in KILLS.values() for point in points} == set(FAILPOINTS)
    assert set(twins.endings.values()) == {SIGKILLED}, twins.endings


def test_after_the_restarts_every_table_holds_the_rows_of_the_undisturbed_twin(twins: Twins) -> None:
    calm, killed = tables_of(twins.calm), tables_of(twins.killed)
    for schema in ("landing", "staging", "features", "scores", "build_", "sync"):
        assert any(name.startswith(schema) and not digest.startswith("0 ") for name, digest in calm.items()), schema
    assert not differing(calm, killed)


def test_every_window_is_read_to_its_end_and_lands_what_the_twin_landed(twins: Twins) -> None:
    walks = (
        "select stream, window_from, window_to, sum(landed), bool_and(state = 'finished') from ops.loads"
        " group by 1, 2, 3 order by 1, 3, 2"
    )
    assert twins.killed.rows(walks) == twins.calm.rows(walks)
    assert all(is_finished for *_, is_finished in twins.killed.rows(walks))


def test_the_crm_takes_each_record_of_the_build_once(twins: Twins) -> None:
    writes = "select id, sum(effective) from journal where fields like '%\"lf_%' group by id order by id"
    killed = twins.killed.company(writes)
    assert {count for _, count in killed} == {1}
    assert killed == twins.calm.company(writes)
    receipts = 'select record_id, state from ops.writeback_receipts order by record_id collate "C"'
    assert [row for row, _ in killed] == [row for row, state in twins.killed.rows(receipts) if state == "acked"]
    assert twins.killed.rows(receipts) == twins.calm.rows(receipts)


@pytest.mark.soak
@pytest.mark.timeout(6 * 3600)
def test_a_full_company_killed_in_airflow_at_each_failpoint_ends_like_its_twin(new_line: LineMaker) -> None:
    """Airflow runs a killed task again. Where that heals the night, the twins go on to their next day and the next point is reached."""
    calm, killed = (new_line(name, SANDBOX_SCALE="1") for name in ("calm_full", "killed_full"))
    unfinished = "select count(*) from ops.step_runs where finished_at is null"
    for point in FAILPOINTS:
        before = killed.rows(unfinished)
        night = killed.command("nightly", "night", "--as-of", killed.day.isoformat(), FAILPOINT=point)
        assert killed.rows(unfinished) > before, f"{point} killed no step:\n{night.output[-3000:]}"
        if night.returncode == 0:
            calm.ask("nightly", "night", "--as-of", calm.day.isoformat())
            for line in (calm, killed):
                line.advance()
    for line in (calm, killed):
        line.ask("nightly", "night", "--as-of", line.day.isoformat())
    assert tables_of(killed) == tables_of(calm)
