"""The replay of past periods: our calls beside the reps' sum, the naive rule and what landed, from rows worked out by hand."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pandas as pd
import pytest

from ml.replay import Call, read_calls, table
from ml.replay_picture import LANDED, OURS, REPS, picture
from warehouse.connection import connect
from warehouse.steps import StepError

FIRST, LAST = date(2025, 1, 1), date(2025, 6, 30)
LANDING = {
    "2024Q1": 80,
    "2024Q2": 90,
    "2024Q3": 100,
    "2024Q4": 110,
    "2025Q1": 120,
}  # thousands, as the last day knows them


@pytest.fixture
def replayed(features_schema: Callable[[pd.DataFrame], None], pipeline: Callable[..., pd.DataFrame]) -> Iterator[None]:
    """The first quarter of 2025, called in weeks 1, 2, 4 and 8: 130 thousand with a range to 125, won 20 and 150 promised by the reps."""
    features_schema(pipeline(3).head(0))
    days = [FIRST + timedelta(days=7 * (week - 1) + 2) for week in (1, 2, 4, 8)]
    with connect("transformer") as connection:
        for day in days:
            connection.execute(
                """insert into features.period_features values (%s, 'company', '2025Q1', null, 'current', '2025Q1', 20000, null, false,
                   '2025-03-31', null, '2025-01-01')""",
                (day,),
            )
            connection.execute(
                """insert into features.opportunity_features (opportunity_id, as_of_date, revision, open_gross_amount, days_to_close_date,
                   days_to_period_end) values ('A', %(d)s, 1, 1, 5, 80), ('A', %(d)s, 2, 100000, 5, 80), ('B', %(d)s, 1, 50000, 80, 80),
                   ('C', %(d)s, 1, 9999, 81, 80), ('D', %(d)s, 1, 7777, null, 80)""",
                {"d": day},
            )
        for place, (period, landed) in enumerate(LANDING.items()):
            connection.execute(
                """insert into features.period_features values (%s, 'company', %s, null, 'period', %s, 1000, %s, true, %s, 1000,
                   '2025-01-01')""",
                (LAST, period, period, 1000 * landed - 2000, date(2024, 3, 31) + timedelta(days=91 * place)),
            )
    with connect("ml") as connection:
        for day in days:
            for build, new in ((f"replay_{day}", 10_000), (f"replay_{day}_again", 50_000)):  # the first by older code
                connection.execute(
                    """insert into scores.period_backtests values (%s, 'company', '2025Q1', 'signed_gross_amount', 20000, 60000, %s,
                       %s, 90000, 128000, 125000, null, %s, %s, 'small_model')""",
                    (build, new, 80_000 + new, day, day),
                )
    yield
    with connect("owner_ddl") as connection:
        connection.execute("delete from scores.period_backtests where build_id like 'replay_2025-%'")


def test_each_week_is_called_once_beside_the_reps_the_naive_rule_and_what_landed(replayed: None) -> None:
    """A day that two versions of the code replayed counts as the later one said: which it was used to be an accident of a digest."""
    calls = read_calls(FIRST, LAST)
    assert calls == [
        Call("2025Q1", week, 130_000, 90_000, 125_000, 170_000, 80_000, 120_000) for week in (2, 4, 8)
    ]  # reps: 20 won + 100 and 50 due in the period, newest revision; naive: the quarter a year before
    said = "\n".join(table(calls))
    assert "| 2025Q1 | 2 | 0.13 | 0.09–0.12 | 0.17 | 0.08 | 0.12 |" in said
    assert "WAPE in week 8 over 1 periods: ours 0.083, reps 0.417, naive 0.333" in said


def test_a_period_that_landed_outside_its_range_is_shown_as_missed() -> None:
    missed = Call("2025Q1", 2, 1e6, 0.9e6, 1.1e6, 1e6, None, 2e6)
    assert "(missed)" in table([missed])[2]
    assert "(missed)" not in table([Call("2025Q1", 2, 1e6, None, None, 1e6, None, 2e6)])[2]


def test_the_picture_draws_every_call_at_its_height() -> None:
    calls = [Call("2025Q1 <1>", week, 50.0, 25.0, 100.0, 75.0, 50.0, 100.0) for week in (2, 4, 8)]
    drawn = picture(calls)
    circles = re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)"', drawn)
    squares = re.findall(rf'<rect x="[\d.]+" y="([\d.]+)" width="8" height="8" fill="{REPS}"', drawn)
    landed = re.findall(rf'<line x1="[\d.]+" y1="([\d.]+)"[^>]*stroke="{LANDED}"', drawn)
    ranges = re.findall(rf'<line x1="[\d.]+" y1="[\d.]+" x2="[\d.]+" y2="([\d.]+)" stroke="{OURS}"', drawn)
    assert (len(circles), len(landed), len(squares)) == (3, 1, 3)
    ours, reps, end = float(circles[0]), float(squares[0]) + 4, float(landed[0])
    assert end < reps < ours  # more is higher
    assert (ours - reps) == pytest.approx(reps - end, abs=0.2)
    assert ranges == landed * 3
    assert "2025Q1 &lt;1&gt;" in drawn


def test_without_a_replayed_day_it_says_what_to_run(replayed: None) -> None:
    with pytest.raises(StepError, match=r"run `python -m ml.backtest --from 2023-01-01 --to 2023-06-30`"):
        read_calls(date(2023, 1, 1), date(2023, 6, 30))
