"""Builds are named by their inputs: the same night computed twice is the same build, any other input is another build."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.warehouse.nights import Nights
from warehouse.builds import build_schema, code_version, current_build, open_build
from warehouse.steps import StepError

JAN_5 = date(2026, 1, 5)
RECORD = """insert into landing.fxiaoke__opportunities (record_id, record, record_hash, changed_at, known_at, load_id, is_reconstructed)
            values ('{id}', '{{}}', '{hash}', '2026-01-05 08:00+08', '{known_at}', 'load', false)"""


def test_the_same_inputs_open_the_same_build(nights: Nights) -> None:
    first = open_build(JAN_5)
    assert first.build_id.startswith("20260105_")
    assert len(first.build_id) == len("20260105_") + 12
    assert open_build(JAN_5) == first
    assert nights.fetch(
        "auditor", "select count(*), min(model_version) from ops.builds where as_of = '2026-01-05'"
    ) == [(1, "win-1")]


def test_a_row_that_the_day_sees_makes_another_build_and_its_order_of_arrival_does_not(nights: Nights) -> None:
    before = open_build(JAN_5)
    nights.execute("loader", RECORD.format(id="O-1", hash="aa", known_at="2026-01-06 00:00+08"))
    one = open_build(JAN_5)
    nights.execute("loader", RECORD.format(id="O-2", hash="bb", known_at="2026-01-06 00:00+08"))
    two = open_build(JAN_5)
    assert len({before.build_id, one.build_id, two.build_id}) == 3
    nights.execute("owner_ddl", "delete from landing.fxiaoke__opportunities where record_id = 'O-1'")
    nights.execute("loader", RECORD.format(id="O-1", hash="aa", known_at="2026-01-06 00:00+08"))
    assert open_build(JAN_5) == two


def test_a_row_that_only_a_later_day_sees_leaves_the_build_alone(nights: Nights) -> None:
    before = open_build(JAN_5)
    nights.execute("loader", RECORD.format(id="O-3", hash="cc", known_at="2026-01-07 00:00+08"))
    assert open_build(JAN_5) == before


def test_a_setting_counts_from_its_day_and_its_decision(nights: Nights) -> None:
    before = open_build(JAN_5)
    row = "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason) values ('target', 'D0|2026Q1', '{}', "
    nights.execute(
        "loader",
        row + "'2026-01-06', '-infinity', 'test', 'valid later')",
        row + "'2026-01-01', '2026-01-06 00:00+08', 'test', 'decided later')",
    )
    assert open_build(JAN_5) == before
    nights.execute("loader", row + "'2026-01-02', '2026-01-05 23:59+08', 'test', 'seen')")
    assert open_build(JAN_5) != before


def test_a_new_champion_of_the_day_makes_another_build_and_a_later_one_does_not(
    nights: Nights, promote: Callable[[str, date], None]
) -> None:
    before = open_build(JAN_5)
    promote("win-later", date(2026, 1, 6))
    assert open_build(JAN_5) == before
    promote("win-2", JAN_5)
    assert open_build(JAN_5).model_version == "win-2"


def test_hindsight_uses_the_current_model_and_says_so(nights: Nights, promote: Callable[[str, date], None]) -> None:
    promote("win-july", date(2026, 7, 1))
    build = open_build(JAN_5, model="current")
    assert build.model_version == "win-july"
    assert nights.fetch("auditor", f"select is_hindsight from ops.builds where build_id = '{build.build_id}'") == [
        (True,)
    ]


def test_the_build_opened_last_is_current_even_if_another_is_newer(
    nights: Nights, promote: Callable[[str, date], None]
) -> None:
    day = date(2026, 7, 2)
    july = open_build(day)
    promote("win-july-2", day)
    assert open_build(day) == current_build(day) != july
    nights.execute("owner_ddl", "update scores.models set is_promoted = false where model_version = 'win-july-2'")
    assert open_build(day) == july
    assert build_schema(day) == f"build_{july.build_id}"


def test_a_day_without_a_champion_names_the_command_that_makes_one(nights: Nights) -> None:
    with pytest.raises(
        StepError, match=r"no promoted model .* run `python -m ml train --as-of 2025-12-31 --if-missing`"
    ):
        open_build(date(2025, 12, 31))


def test_a_day_without_a_build_names_the_command_that_opens_one(nights: Nights) -> None:
    with pytest.raises(
        StepError, match="no build of 2026-02-01: run `python -m warehouse open-build --as-of 2026-02-01`"
    ):
        build_schema(date(2026, 2, 1))


def test_code_version_reads_contents_not_times(nights: Nights) -> None:
    assert code_version() == code_version()
    assert len(code_version()) == 64
