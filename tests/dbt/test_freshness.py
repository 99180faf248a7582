"""How fresh a stream is: as far as the landing gate moved its watermark, which a walk that merely finished does not do."""

from datetime import date

import pytest

from warehouse.clock import cutoff
from warehouse.connection import connect

pytestmark = pytest.mark.slow

FIRST, SECOND = "20260511_aaaaaaaaaaaa", "20260512_bbbbbbbbbbbb"
WALKS = {"people": (8, 10, 11, 12), "leads": (9, 10), "departments": (10, 11), "accounts": (), "opportunities": ()}
FRESHNESS = (
    "select stream, state, lag_hours::text, lag_p50_hours::text, lag_p95_hours::text, nights_count"
    " from build_{}.rpt_freshness order by 1"
)


def walk() -> None:
    """Streams that may be 36 hours old: `people` is read each night, `leads` was last read two nights ago, `accounts` never; of
    `departments` a walk finished after the gate of the 11th, `opportunities` came with the go-live import of the 7th."""
    with connect("loader") as connection:
        for stream, days in WALKS.items():
            connection.execute(
                "insert into ops.streams (system, stream, mode, is_required, max_age) values ('fxiaoke', %s, 'changed', true, '36 hours')",
                (stream,),
            )
            for day in days:
                finished(connection, stream, day)
        finished(connection, "opportunities", 7, is_reconstructed=True)
    with connect("checker") as connection:
        for stream, day in (("people", 12), ("leads", 10), ("departments", 10), ("opportunities", 7)):
            connection.execute(
                "insert into ops.watermarks (system, stream, watermark, as_of) values ('fxiaoke', %s, %s, %s)",
                (stream, cutoff(date(2026, 5, day)), date(2026, 5, day)),
            )


def finished(connection, stream: str, day: int, *, is_reconstructed: bool = False) -> None:  # type: ignore[no-untyped-def]
    """A walk of the stream to the end of that day of May."""
    connection.execute(
        "insert into ops.loads (load_id, system, stream, as_of, window_to, is_reconstructed, state)"
        " values (%s, 'fxiaoke', %s, %s, %s, %s, 'finished')",
        (f"{stream}-{day}", stream, date(2026, 5, day), cutoff(date(2026, 5, day)), is_reconstructed),
    )


def decide(border: str, day: int, verdict: str, build_id: str | None = None) -> None:
    """What a gate said of a day of May."""
    with connect("checker") as connection:
        connection.execute(
            "insert into ops.gate_verdicts (as_of, border, verdict, reason, build_id) values (%s, %s, %s, 'test', %s)",
            (date(2026, 5, day), border, verdict, build_id),
        )


@pytest.fixture(scope="module")
def told(build, query):  # type: ignore[no-untyped-def]
    """The freshness of two nights, and of the second made again after the 8th, which its landing gate had stopped, was mended."""
    walk()
    found = {}
    for day, verdict in ((8, "blocked"), (9, "passed"), (10, "passed"), (11, "passed")):
        decide("landing", day, verdict)
    build("+rpt_freshness", "2026-05-11", build_id=FIRST, build_schema=f"build_{FIRST}")
    found["first"] = query(FRESHNESS.format(FIRST))
    decide("landing", 12, "passed")
    build("+rpt_freshness", "2026-05-12", build_id=SECOND, build_schema=f"build_{SECOND}")
    found["second"] = query(FRESHNESS.format(SECOND))
    decide("marts", 12, "passed", SECOND)
    decide("landing", 8, "passed")
    build("rpt_freshness", "2026-05-12", build_id=SECOND, build_schema=f"build_{SECOND}")
    found["again"] = query(FRESHNESS.format(SECOND))
    return found


def test_each_stream_says_how_far_it_was_read_and_believed_and_turns_stale_beyond_its_age(told):  # type: ignore[no-untyped-def]
    assert told["first"] == [
        ("accounts", "never", None, None, None, 0),
        ("departments", "late", "24.0", "12.0", "22.8", 2),  # the walk of the 11th was not believed
        ("leads", "late", "24.0", "0.0", "21.6", 3),
        ("opportunities", "stale", "96.0", "48.0", "91.2", 5),  # no gate looks at the import
        ("people", "fresh", "0.0", "0.0", "0.0", 2),  # the night of the 8th moved nothing
    ]
    assert told["second"][2] == ("leads", "stale", "48.0", "12.0", "44.4", 4)


def test_a_build_made_again_knows_nothing_that_a_gate_said_after_its_own(told):  # type: ignore[no-untyped-def]
    assert told["again"] == told["second"]
