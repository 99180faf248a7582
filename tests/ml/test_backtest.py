"""History replayed: from as-of data only, the same twice, stored builds bit for bit, and a changed number found."""

from collections.abc import Iterator
from datetime import date, timedelta

import pandas as pd
import pytest

from ml.backtest import Verdict, rebuilt, replay, report
from ml.errors import range_scales, read_told
from ml.forecast import forecast
from ml.score import score
from ml.train import champion, train
from tests.ml.conftest import AS_OF, fill, invented, make_tables, tell
from warehouse.builds import code_version
from warehouse.connection import connect
from warehouse.frames import fetch_all
from warehouse.steps import StepRun

LAST_MONDAY = AS_OF - timedelta(days=AS_OF.weekday())
FIRST = LAST_MONDAY - timedelta(days=35)
BUILD = "20250630_aaaaaaaaaaaa"


def plant(frame: pd.DataFrame) -> None:
    """Features of the pipeline, one node, each Monday with a current window and two past ones; 2025Q1 ended with 900.00."""
    fill(frame)
    monday = FIRST
    with connect("transformer") as connection:
        while monday <= AS_OF:
            values = [
                ("now", "current", "2025Q2", 100, None, None, False, "2025-06-30", "2025-04-01"),
                ("a", "period", "2025Q1", 500, 200, 200, True, "2025-03-31", "2025-01-01"),
                ("b", "period", "2024Q4", 400, 300, 100, True, "2024-12-31", "2024-10-01"),
            ]
            for window, kind, period, won, new, open_won, known, ends, starts in values:
                connection.execute(
                    "insert into features.period_features values (%s, 'company', %s, null, %s, %s, %s, %s, %s, %s, %s, %s)",
                    (monday, window, kind, period, won, new, known, ends, open_won, starts),
                )
            connection.execute(
                "insert into features.opportunity_nodes select distinct as_of_date, opportunity_id, 'company'"
                " from features.opportunity_features where as_of_date = %s",
                (monday,),
            )
            monday += timedelta(days=7)


@pytest.fixture(scope="module")
def replayed(tenant_database: str) -> int:
    """A small pipeline with one stored build of the last day, and its history replayed; how many rows came of it."""
    make_tables()
    frame = invented(60).fillna({"open_gross_amount": 250.0})  # the open deals', or no chance would show in a forecast
    assert AS_OF == LAST_MONDAY, "the pipeline's last day is a Monday"
    plant(frame)
    train(AS_OF, StepRun("train", AS_OF), if_missing=True)
    with connect("transformer") as connection:
        connection.execute(
            "insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state)"
            " values (%s, %s, '', %s, %s, 1, 'building')",
            (BUILD, AS_OF, code_version(), champion(AS_OF)),
        )
    score(AS_OF, StepRun("score", AS_OF))
    forecast(AS_OF, StepRun("forecast", AS_OF))
    return replay(FIRST, AS_OF)


def test_each_seventh_day_is_forecast_by_a_model_of_the_last_refitting_day(replayed: int) -> None:
    rows = fetch_all("ml", "select as_of, fitted_on, won::int from scores.period_backtests order by 1")
    assert replayed == len(rows) == 6
    second = FIRST + timedelta(days=28)
    assert [(day, fitted) for day, fitted, _ in rows] == [
        (FIRST + timedelta(days=7 * week), FIRST if week < 4 else second) for week in range(6)
    ]


def test_a_second_replay_comes_out_the_same_and_appends_nothing(replayed: int) -> None:
    assert replay(FIRST, AS_OF) == 0


def test_what_became_known_later_changes_no_replayed_day(replayed: int) -> None:
    """Deals that close, are opened again and lost, or are deleted after the last replayed day; a replay once took them as told last."""
    for before, now in (("open", "won"), ("won", "lost"), ("lost", None)):
        tell(AS_OF + timedelta(days=1), before, now)
    assert replay(FIRST, AS_OF) == 0


@pytest.fixture
def a_later_replay(replayed: int) -> Iterator[None]:
    """A replay of the quarter before, run after the build's night: its range missed the 900.00 that landed."""
    with connect("ml") as connection:
        connection.execute(
            """insert into scores.period_backtests (build_id, node_id, period_id, measure, won, from_open, from_new, mean,
               p10, p50, p90, as_of, fitted_on, tier, range_scale)
               values ('later', 'company', '2025Q1', 'm', 0, 500, 0, 500, 490, 500, 510, '2025-03-31', '2025-03-31', 's', 1)"""
        )
    yield
    with connect("owner_ddl") as connection:
        connection.execute("delete from scores.period_backtests where build_id = 'later'")


def test_a_forecast_run_again_after_a_replay_taught_another_scale_is_the_one_that_is_stored(
    a_later_replay: None,
) -> None:
    """It stopped with the advice to open a build, which named the same one."""
    assert range_scales(read_told(AS_OF))[0] > 1
    again = StepRun("forecast", AS_OF)
    forecast(AS_OF, again)
    assert (again.detail["appended"], set(again.detail["range_scales"].values())) == (0, {1.0})


def test_a_stored_build_comes_out_bit_for_bit_and_a_changed_number_is_found(replayed: int) -> None:
    assert list(rebuilt(AS_OF, AS_OF)) == [Verdict(BUILD, "")]
    with connect("owner_ddl") as connection:
        connection.execute("update scores.period_forecasts set p90 = p90 + 0.01 where build_id = %s", (BUILD,))
    ((_, differs),) = [(verdict.build_id, verdict.differs) for verdict in rebuilt(AS_OF, AS_OF)]
    assert differs == "its forecasts come out otherwise than its scores say"
    with connect("owner_ddl") as connection:
        connection.execute("update ops.builds set code_version = 'older' where build_id = %s", (BUILD,))
    assert [verdict.differs[:18] for verdict in rebuilt(AS_OF, AS_OF)] == ["made by other code"]


def test_a_past_that_is_told_otherwise_is_a_replay_of_its_own_and_the_earlier_one_stays(replayed: int) -> None:
    """History that landed behind, as known in those days, stopped every later replay with advice that could not help."""
    with connect("transformer") as connection:
        connection.execute(
            "update features.opportunity_outcome_versions set outcome = 'lost' where outcome = 'won' and outcome_known_on < %s",
            (FIRST,),
        )
    assert replay(FIRST, AS_OF) == replayed
    assert replay(FIRST, AS_OF) == 0
    assert fetch_all("ml", "select count(*), count(distinct as_of) from scores.period_backtests") == [
        (2 * replayed, replayed)
    ]


def test_the_report_compares_with_what_a_closed_period_came_to(replayed: int) -> None:
    assert report(FIRST, AS_OF) == ["no replayed forecast is of a period whose end is known yet"]
    with connect("owner_ddl") as connection:  # as if the replayed days had been of the quarter before
        connection.execute(
            "update scores.period_backtests set period_id = '2025Q1', from_open = 700, from_new = 190, won = 100, mean = 990,"
            " p10 = 800, p50 = 900, p90 = 1000"
        )
    lines = report(FIRST, AS_OF)
    assert lines[1].split() == ["8:", "1", "0.900", "+0.100", "1", "of", "1"]  # 990 against 900
    assert len(lines) == 7


def test_a_range_without_features_says_what_to_run(replayed: int) -> None:
    from warehouse.steps import StepError

    with pytest.raises(StepError, match=r"run `make backfill FROM=2020-01-06 TO=2020-01-13`"):
        replay(date(2020, 1, 6), date(2020, 1, 13))
