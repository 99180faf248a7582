"""The landing gate: what the world sent is judged before the watermark moves, and nothing passes by default."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from config.settings import ROOT, settings
from expectations.__main__ import decide
from tests.expectations.landings import (
    OPPORTUNITY,
    copies,
    declare,
    execute,
    fetch,
    quiet_night,
    verdicts,
    walk,
    watermark,
)
from warehouse.clock import cutoff
from warehouse.steps import GateBlocked

MONDAY = date(2026, 1, 5)


@pytest.fixture(autouse=True)
def _nothing_landed(tenant_database: str) -> Iterator[None]:
    declare(opportunities=True, people=True)
    yield
    execute(
        "owner_ddl",
        "truncate landing.fxiaoke__opportunities, landing.fxiaoke__people, ops.loads, ops.watermarks, ops.gate_verdicts, "
        "ops.check_results, ops.step_runs, ops.streams",
    )


def blocked(day: date, accepted_empty: list[str] | None = None) -> str:
    """The sentence with which the gate blocks `day`."""
    with pytest.raises(GateBlocked) as caught:
        decide("landing", day, accepted_empty or [])
    return str(caught.value)


def test_a_sound_night_passes_and_moves_the_watermarks_to_its_end() -> None:
    quiet_night(MONDAY)
    assert decide("landing", MONDAY, []).startswith("landing gate passed")
    assert watermark("opportunities") == watermark("people") == cutoff(MONDAY)


def test_a_second_run_gives_the_same_verdict_and_a_belated_one_moves_nothing_back() -> None:
    for day in (MONDAY, MONDAY + timedelta(days=1)):
        quiet_night(day)
        decide("landing", day, [])
    assert decide("landing", MONDAY, []) == decide("landing", MONDAY, [])
    assert watermark("opportunities") == cutoff(MONDAY + timedelta(days=1))


def test_a_day_nobody_extracted_is_blocked_for_want_of_rows() -> None:
    assert "ops.loads: number of rows is 0" in blocked(MONDAY)
    assert watermark("opportunities") is None


def test_a_first_walk_without_records_of_a_required_stream_is_blocked() -> None:
    walk(MONDAY, "people", copies("people", 2), is_first=True)
    walk(MONDAY, "opportunities", [], is_first=True)
    sentence = blocked(MONDAY)
    assert "has_ever_had_rows fails for 1 of 2 rows" in sentence
    assert "fxiaoke.opportunities" in sentence


def test_a_required_stream_that_was_not_walked_is_blocked() -> None:
    walk(MONDAY, "people", copies("people", 2))
    assert "is_required_stream_young fails for 1 of 2 rows" in blocked(MONDAY)


def test_a_night_without_a_required_system_goes_on_while_its_data_are_young_and_stops_when_they_are_not() -> None:
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    quiet_night(MONDAY)
    decide("landing", MONDAY, [])
    walk(tuesday, "people", copies("people", 2, "p"))
    walk(tuesday, "opportunities", copies("opportunities", 3, "half"), state="running")
    passed = decide("landing", tuesday, [])
    assert passed.startswith("landing gate passed")
    assert "fxiaoke.opportunities read until 2026-01-05 16:00:00+00" in passed
    assert (watermark("opportunities"), watermark("people")) == (cutoff(MONDAY), cutoff(tuesday))
    walk(wednesday, "people", copies("people", 2, "q"))
    assert "is_required_stream_young fails for 1 of 2 rows" in blocked(wednesday)
    assert watermark("people") == cutoff(tuesday)


def test_an_optional_stream_may_be_missing_for_ever_and_is_named() -> None:
    declare(leads=False)
    quiet_night(MONDAY)
    assert "fxiaoke.leads read until never" in decide("landing", MONDAY, [])


def test_an_unfinished_walk_is_blocked() -> None:
    walk(MONDAY, "people", copies("people", 2))
    walk(MONDAY, "opportunities", copies("opportunities", 3), state="running")
    blocked(MONDAY)
    assert watermark("people") is None


def test_an_empty_answer_where_records_are_usual_is_blocked_and_leaves_the_watermark() -> None:
    for offset in range(4):
        quiet_night(MONDAY + timedelta(days=offset))
        decide("landing", MONDAY + timedelta(days=offset), [])
    friday = MONDAY + timedelta(days=4)
    quiet_night(friday, opportunities=0)
    sentence = blocked(friday)
    assert "fxiaoke.opportunities 2026-01-09: received 0, usual 30" in sentence
    assert "an empty answer is not no data" in sentence
    assert watermark("opportunities") == cutoff(friday - timedelta(days=1))
    assert watermark("people") == cutoff(friday - timedelta(days=1))
    passed = decide("landing", friday, ["fxiaoke.opportunities"])
    assert passed.endswith("accepted as empty by hand: fxiaoke.opportunities")
    assert watermark("opportunities") == cutoff(friday)


def test_a_catch_up_of_days_that_all_came_back_empty_is_blocked() -> None:
    walk(MONDAY, "opportunities", copies("opportunities", 40), is_first=True)
    walk(MONDAY, "people", copies("people", 2), is_first=True)
    decide("landing", MONDAY, [])
    last = MONDAY + timedelta(days=28)
    for offset in range(1, 29):
        walk(MONDAY + timedelta(days=offset), "opportunities", [])
        walk(MONDAY + timedelta(days=offset), "people", copies("people", 1, f"p{offset}"))
    assert "is_alive fails for 1 of 2 rows" in blocked(last)
    execute("loader", "update ops.streams set is_required = false where stream = 'opportunities'")
    assert decide("landing", last, []).startswith("landing gate passed")  # an ERP beside the CRM may have few deals


@pytest.mark.parametrize(("bad", "is_blocked"), [(2, False), (25, True)])
def test_unreadable_amounts_block_beyond_one_in_two_hundred(bad: int, is_blocked: bool) -> None:
    walk(MONDAY, "people", copies("people", 2))
    walk(MONDAY, "opportunities", copies("opportunities", 500) + copies("opportunities", bad, "bad", amount="12,5"))
    if is_blocked:
        sentence = blocked(MONDAY)
        assert "landing.fxiaoke__opportunities: is_amount_readable fails for 25 of 525 rows" in sentence
        assert "12,5" not in sentence
    else:
        decide("landing", MONDAY, [])


def test_a_missing_field_blocks_and_its_correction_opens_the_line_again() -> None:
    walk(MONDAY, "people", copies("people", 2))
    without_stage = {key: value for key, value in OPPORTUNITY.items() if key != "sales_stage"}
    walk(MONDAY, "opportunities", [{**without_stage, "_id": f"R-{number}"} for number in range(10)])
    assert "has_sales_stage fails for 10 of 10 rows" in blocked(MONDAY)
    walk(MONDAY, "opportunities", copies("opportunities", 10), suffix="-r2")
    assert decide("landing", MONDAY, []).startswith("landing gate passed")


def test_rows_that_the_ledger_counts_and_the_table_lacks_are_blocked() -> None:
    quiet_night(MONDAY)
    execute("owner_ddl", "delete from landing.fxiaoke__opportunities where record_id = '0105-7'")
    assert "is_every_landed_row_there fails for 1 of 2 rows" in blocked(MONDAY)


@pytest.mark.parametrize(("quarantined", "is_blocked"), [(3, False), (40, True)])
def test_many_unreadable_records_block_and_a_handful_warns(quarantined: int, is_blocked: bool) -> None:
    walk(MONDAY, "people", copies("people", 2))
    walk(MONDAY, "opportunities", copies("opportunities", 400), quarantined=quarantined)
    if is_blocked:
        assert "is_quarantine_small" in blocked(MONDAY)
    else:
        assert "1 warnings" in decide("landing", MONDAY, [])


def test_unreadable_records_of_an_optional_stream_are_kept_and_warned_of_but_stop_no_forecast() -> None:
    """A fair's list of 1,000 leads with 20 malformed lines once kept the whole company's night from publishing."""
    declare(leads=False)
    quiet_night(MONDAY)
    walk(MONDAY, "leads", [], unchanged=980, quarantined=20)
    assert "1 warnings" in decide("landing", MONDAY, [])


def test_knowledge_or_changes_after_the_cutoff_are_blocked() -> None:
    quiet_night(MONDAY)
    execute(
        "owner_ddl",
        f"update landing.fxiaoke__opportunities set changed_at = '{cutoff(MONDAY)}' where record_id = '0105-3'",
    )
    assert "is_changed_before_cutoff fails for 1 of 30 rows (allowed: every row, first 0105-3)" in blocked(MONDAY)


def test_a_gate_that_cannot_read_its_table_is_blocked() -> None:
    quiet_night(MONDAY)
    execute("owner_ddl", "alter table landing.fxiaoke__opportunities rename to elsewhere")
    try:
        assert "could not run (UndefinedTable)" in blocked(MONDAY)
    finally:
        execute("owner_ddl", "alter table landing.elsewhere rename to fxiaoke__opportunities")
    assert verdicts(MONDAY) == ["blocked", "blocked"]
    assert watermark("opportunities") is None


def test_no_value_of_a_record_reaches_results_or_data_docs() -> None:
    walk(MONDAY, "people", copies("people", 2))
    walk(MONDAY, "opportunities", copies("opportunities", 20, amount="canary-13912345678"))
    blocked(MONDAY)
    told = fetch("select string_agg(c::text, ' ') from ops.check_results as c")[0][0]
    assert "R-0, R-1" in str(told)
    assert "canary" not in str(told)
    pages = [path.read_text("utf-8") for path in (settings().home / "data_docs" / "landing").rglob("*.html")]
    assert any("is_amount_readable" in page for page in pages)
    assert not any("canary" in page for page in pages)


def test_a_gate_killed_on_the_way_leaves_its_border_blocked() -> None:
    quiet_night(MONDAY)
    decide("landing", MONDAY, [])
    gate = subprocess.Popen(
        [sys.executable, "-m", "expectations", "landing", "--as-of", str(MONDAY)], cwd=ROOT, env={**os.environ}
    )
    while len(verdicts(MONDAY)) < 3 and gate.poll() is None:
        time.sleep(0.02)
    gate.send_signal(signal.SIGKILL)
    gate.wait()
    newest = fetch("select verdict from ops.gate_verdicts order by verdict_id desc limit 1")
    assert newest == [("blocked",)]


def test_the_command_exits_with_three_and_one_sentence_when_it_blocks() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "expectations", "landing", "--as-of", str(MONDAY)],
        cwd=ROOT,
        env={**os.environ},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3
    assert done.stderr.strip().startswith("landing gate blocked: ops.loads: number of rows is 0")
    assert fetch("select state from ops.step_runs where step = 'gate_landing'") == [("blocked",)]
