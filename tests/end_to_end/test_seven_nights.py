"""Seven days of the company, a night for each: what is asked of the CRM, what lands, what never changes; then the last night again.

On the last day but one nobody in the company does anything: only our own scores, written the night before, have changed. `make test` lives
through three of the days.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil

import pytest
import yaml

from connectors.fxiaoke import PAGE
from sandbox.clock import cutoff_ms, night_ms
from tests.end_to_end.conftest import LineMaker
from tests.end_to_end.line import ROOT, Line, steps_of_the_dag
from tests.end_to_end.tables import SCHEMAS, hashes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # up to nine nights in one fixture
MAPPING = yaml.safe_load((ROOT / "config" / "tenants" / "sandbox" / "fxiaoke.yml").read_text("utf-8"))
STREAMS, DEFAULTS = MAPPING["streams"], MAPPING["defaults"]
SUNDAY = 7
OBJECTS = {name: stream["object"] for name, stream in STREAMS.items()}
DAYS_OF_FEATURES = """
    select as_of_date, md5(string_agg(digest, '' order by digest)) from (
        select as_of_date, md5(f::text) as digest from features.opportunity_features as f) as hashed
    group by as_of_date order by as_of_date"""
ACKED = """
    select case r.entity when 'lead' then 'leads' else 'opportunities' end, count(*)
    from ops.writeback_receipts as r join ops.builds as b using (build_id) where r.state = 'acked' and b.as_of = %s group by 1"""
DONE = "select step, count(*) from ops.step_runs where as_of = %s and state = 'done' group by step"


@dataclass(frozen=True)
class Night:
    """What one night asked, counted and left. `loads`: stream → (window from, window to, received, landed, echoed)."""

    day: date
    requests: dict[str, int]
    loads: dict[str, tuple[datetime, datetime, int, int, int]]
    features: dict[date, str]


@dataclass(frozen=True)
class Week:
    """The company, its first night and those that follow, and what was there before and after the last one was run again."""

    line: Line
    nights: list[Night]
    before: dict[str, str]
    again: Night
    after: dict[str, str]
    steps: tuple[dict[str, int], dict[str, int]]


def let_nothing_happen(line: Line, day: date) -> None:
    """What the company would do from 00:00 of `day` until its night it does in the minute after: our own writes alone change it."""
    moved = "update future set at_ms = ? where at_ms >= ? and at_ms < ?"
    line.company(moved, night_ms(day) + 60_000, cutoff_ms(day - timedelta(days=1)), night_ms(day))


def live(line: Line, accept_empty: tuple[str, ...] = ()) -> Night:
    """One night of the line's day and what it asked and left."""
    (last_request,) = line.company("select max(seq) from requests")[0]
    line.night(line.day, accept_empty=accept_empty)
    asked = "select object, count(*) from requests where seq > ? and path like '%/data/query' group by object"
    loads = (
        "select distinct on (stream) stream, window_from, window_to, received, landed, echoed from ops.loads where as_of = %s"
        " order by stream, started_at desc"
    )
    return Night(
        line.day,
        dict(line.company(asked, last_request or 0)),
        {row[0]: row[1:] for row in line.rows(loads, line.day)},
        dict(line.rows(DAYS_OF_FEATURES)),
    )


def ids_pages(line: Line, stream: str) -> int:
    """Pages of the list of all ids, a stream of its own that is read on Sundays; one more tells that the list has ended."""
    if not STREAMS[stream].get("ids_every", DEFAULTS["ids_every"]):
        return 0
    ((count,),) = line.company("select count(*) from current where object = ?", OBJECTS[stream])
    return int(count) // PAGE + 1


def tables_of(line: Line) -> dict[str, str]:
    build = str(line.rows("select build_id from ops.published_build")[0][0])
    return hashes((*SCHEMAS, f"build_{build}"), line.rows)


@pytest.fixture(
    scope="module",
    params=[pytest.param(3, id="three_nights"), pytest.param(7, id="seven_nights", marks=pytest.mark.soak)],
)
def week(new_line: LineMaker, first_night: Line, request: pytest.FixtureRequest) -> Week:
    line = new_line.twin(first_night, f"week_{request.param}")
    first = line.day
    nights = [Night(first, {}, {}, dict(line.rows(DAYS_OF_FEATURES)))]
    quiet = request.param - 1
    for number in range(1, request.param + 1):
        if number == quiet - 1:
            let_nothing_happen(line, first + timedelta(days=quiet))
        line.advance()
        nights.append(live(line, tuple(f"fxiaoke.{stream}" for stream in OBJECTS) if number == quiet else ()))
    before, done = tables_of(line), dict(line.rows(DONE, line.day))
    again = live(line)
    return Week(line, nights, before, again, tables_of(line), (done, dict(line.rows(DONE, line.day))))


def test_a_stream_asks_for_no_more_pages_than_what_changed_needs(week: Week) -> None:
    """Rows of a window are counted in the company's own journal, not in what we say we received."""
    counted = "select count(distinct id) from journal where object = ? and at_ms >= ? and at_ms < ?"
    for night in [*week.nights[1:], week.again]:
        for stream, (start, end, *_) in night.loads.items():
            window = [round(instant.timestamp() * 1000) for instant in (start, end)]
            ((rows,),) = week.line.company(counted, OBJECTS[stream], *window)
            listed = ids_pages(week.line, stream) if night.day.isoweekday() == SUNDAY else 0
            assert 1 <= night.requests[OBJECTS[stream]] <= ceil(rows / PAGE) + 2 + listed, (night.day, stream, rows)


def test_every_night_reads_each_stream_and_the_week_brings_news(week: Week) -> None:
    assert all(night.loads.keys() == OBJECTS.keys() for night in week.nights[1:])
    landed = [sum(landed for *_, landed, _ in night.loads.values()) for night in week.nights[1:]]
    assert sum(landed) > 7 * len(landed), landed


def test_no_earlier_row_of_features_changes(week: Week) -> None:
    for earlier, later in pairwise([*week.nights, week.again]):
        assert {day: later.features[day] for day in earlier.features} == earlier.features, later.day
    assert [max(night.features) for night in week.nights] == [night.day for night in week.nights]


def test_after_a_day_of_our_own_scores_alone_nothing_lands_and_what_was_acknowledged_is_echoed(week: Week) -> None:
    before, night = week.nights[-3:-1]
    acked = dict(week.line.rows(ACKED, before.day))
    assert acked.keys() == {"opportunities", "leads"}
    assert {stream: landed for stream, (*_, landed, _) in night.loads.items() if landed} == {}
    assert {stream: echoed for stream, (*_, echoed) in night.loads.items() if echoed} == acked


def test_no_row_landed_twice(week: Week) -> None:
    for stream in OBJECTS:
        repeats = (
            "select count(*) from (select record_hash = lag(record_hash) over (partition by record_id"
            f" order by changed_at, known_at, load_id) as is_repeat from landing.fxiaoke__{stream}) as versions where is_repeat"
        )
        assert week.line.rows(repeats) == [(0,)], stream


def test_the_same_night_again_runs_every_step_asks_the_crm_and_changes_nothing(week: Week) -> None:
    once, twice = week.steps
    names = {task for task, _ in steps_of_the_dag()}
    assert {step for step in names if twice.get(step, 0) > once.get(step, 0)} == names
    assert all(week.again.requests[name] > 0 for name in OBJECTS.values())
    assert {stream: landed for stream, (*_, landed, _) in week.again.loads.items() if landed} == {}
    assert week.after == week.before


def test_no_night_left_this_machine(week: Week) -> None:
    outside = week.line.home / "outside.txt"
    assert not outside.exists(), outside.read_text()
