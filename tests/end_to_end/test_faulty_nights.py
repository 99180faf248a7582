"""Sixty nights, each with a fault that a seed chose, under readers of five kinds: nothing is lost, no reader sees an error.

After each night, once the fault is over and what failed was run again, landing and the published build equal those of a twin in which
nothing ever went wrong. A week of it: `make soak ARGS="tests/end_to_end/test_faulty_nights.py -k week"`.
"""

import threading
from collections.abc import Callable
from random import Random

import pytest

from tests.end_to_end.conftest import LineMaker
from tests.end_to_end.failures import KILLS, SIGKILLED, SYSTEMS, addresses
from tests.end_to_end.line import Line, steps_of_the_dag
from tests.end_to_end.readers import NAME, reading
from tests.end_to_end.tables import differing, without_a_trace

pytestmark = [pytest.mark.soak, pytest.mark.timeout(8 * 3600)]
SEED = 20260630
KINDS = ("http_429", "http_500", "http_503", "html_200", "truncated", "token_expired", "repeated", "reply_lost")
CUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and application_name <> %s and xact_start is not null limit 1"""


def killed(line: Line, dice: Random) -> str:
    """A step dies at one of its failpoints and is run again."""
    task, point = dice.choice(
        [(task, point) for task, points in KILLS.items() if task != "history" for point in points]
    )
    for step, _ in steps_of_the_dag():
        if step == task:
            assert line.step(task, line.day, FAILPOINT=point).returncode == SIGKILLED, (task, point)
        line.night(line.day, since=step, until=step)
    return f"{task} killed at {point}"


def answered_badly(line: Line, dice: Random) -> str:
    """The CRM answers some requests badly; a step that gives up is run again after the fault."""
    rules = [
        {"kind": dice.choice(KINDS), "request_index": sorted(dice.sample(range(1, 60), 6)), "seconds": 5}
        for _ in range(3)
    ]
    line.faults(rules)
    for step, _ in steps_of_the_dag():
        if line.step(step, line.day).returncode:
            line.faults([])
            line.night(line.day, since=step, until=step)
    line.faults([])
    return f"bad answers: {', '.join(str(rule['kind']) for rule in rules)}"


def down(line: Line, dice: Random) -> str:
    """A system is down all night; in the morning it alone is read again and the night's later steps run."""
    system = dice.choice(SYSTEMS)
    line.environment |= addresses(system)
    assert line.step("extract", line.day).returncode == 1, system
    line.night(line.day, since="gate_landing")
    for name in addresses(system):
        del line.environment[name]
    line.ask("connectors", "extract", "--system", system, "--as-of", line.day.isoformat())
    line.night(line.day, since="gate_landing")
    return f"{system} down"


def cut(line: Line, dice: Random) -> str:
    """The server ends a step's connection in the middle of a transaction; the step is run again."""
    task = dice.choice(("extract", "features", "score", "forecast", "marts"))
    for step, _ in steps_of_the_dag():
        if step == task:
            ended = threading.Event()
            cutter = threading.Thread(target=_cut_once, args=(line, ended))
            cutter.start()
            line.step(step, line.day)
            ended.set()
            cutter.join()
        line.night(line.day, since=step, until=step)
    return f"a connection of {task} cut"


def _cut_once(line: Line, ended: threading.Event) -> None:
    with line.connection() as connection:
        while not ended.wait(0.01) and not connection.execute(CUT.encode(), (NAME,)).fetchone():
            pass


FAULTS: tuple[Callable[[Line, Random], str], ...] = (killed, answered_badly, down, cut)


@pytest.mark.parametrize("nights", [pytest.param(7, id="week"), pytest.param(60, id="sixty")])
def test_nights_with_faults_end_like_those_of_a_twin_without(new_line: LineMaker, nights: int) -> None:
    dice = Random(SEED)  # noqa: S311 (a test that can be repeated)
    golden, hit = (new_line(f"{name}_{nights}", SOURCES="", SANDBOX_SCALE="0.02") for name in ("golden", "hit"))
    for line in (golden, hit):
        line.night(line.day)
    with reading(hit) as readers:
        for number in range(nights):
            for line in (golden, hit):
                line.advance()
            golden.night(golden.day)
            fault = FAULTS[number % len(FAULTS)] if number < len(FAULTS) else dice.choice(FAULTS)
            told = fault(hit, dice)
            print(f"{hit.day} {told}; {readers.looks} looks", flush=True)
            assert not differing(without_a_trace(golden), without_a_trace(hit)), (hit.day, told)
            assert readers.wrong == [], (hit.day, told)
    assert readers.looks > nights
