"""The bench itself: its measures by hand-worked cases, what fails a run, and that its sets know nothing of the future."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import flat, funnel
from bench.cases import Cases, MissingSetError
from bench.measures import DRAWS, Measured, measure, weights_by_case
from bench.verdict import Result, averages, floors, goals, level_gap

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
LABEL = np.array([1.0, 0, 1, 0])
FORECAST = np.array([0.8, 0.4, 0.3, 0.1])


def once(label: np.ndarray, forecast: np.ndarray) -> dict[str, float]:
    return measure(label, forecast, np.ones((1, len(label)))).figures


def test_measures_match_a_hand_worked_case() -> None:
    found = once(LABEL, FORECAST)
    assert found["roc_auc"] == 0.75  # of the four won-lost pairs only (0.3, 0.4) is in the wrong order
    assert found["pr_auc"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert found["log_loss"] == pytest.approx(-(np.log(0.8) + np.log(0.6) + np.log(0.3) + np.log(0.9)) / 4)
    assert found["brier"] == pytest.approx((0.04 + 0.16 + 0.49 + 0.01) / 4)
    assert found["ece"] == pytest.approx((0.2 + 0.4 + 0.7 + 0.1) / 4)


def test_equal_forecasts_rank_nothing() -> None:
    found = once(LABEL, np.full(4, 0.3))
    assert (found["roc_auc"], found["pr_auc"]) == (0.5, 0.5)


def test_a_bootstrap_draws_whole_cases() -> None:
    weights = weights_by_case(np.array([7, 7, 9, 9, 9]), seed=1)
    assert weights.shape == (DRAWS + 1, 5)
    assert (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 2] == weights[:, 4]).all()
    assert (weights[1:, 0] + weights[1:, 2] == 2).all()


def contender(log_loss: float, *, brier: float = 0.2, ece: float = 0.01, width: float = 0.0) -> Measured:
    drawn = np.linspace(-width / 2, width / 2, 101) / 0.9
    figures = {"roc_auc": 0.7, "pr_auc": 0.5, "log_loss": log_loss, "brier": brier, "ece": ece}
    return Measured(figures, {metric: value + drawn for metric, value in figures.items()})


def result(ours: Measured, peer: Measured, name: str = "hotel") -> Result:
    peers = {"base rate": contender(0.6), "stage x time rate": contender(0.55), "peer": peer}
    return Result(name, "", 100, {"ours": ours, **peers}, dict.fromkeys(("ours", *peers), 0.1), {}, {})


def test_floors_fail_a_run_that_is_worse_than_rates_or_whose_level_is_off() -> None:
    assert floors(result(contender(0.50), contender(0.40)), "ours") == []
    assert "worse than stage x time rate" in floors(result(contender(0.56), contender(0.4)), "ours")[0]
    assert any("worse than the base rate" in told for told in floors(result(contender(0.61), contender(0.4)), "ours"))
    assert "ECE 0.0310, 0.03 allowed" in floors(result(contender(0.5, ece=0.031), contender(0.4)), "ours")[0]
    assert floors(result(contender(0.5, ece=0.031), contender(0.4), "maven"), "ours") == []


def test_a_goal_is_reached_within_half_the_width_of_the_interval_and_a_miss_tells_size_and_cause() -> None:
    near, far = contender(0.401, width=0.004), contender(0.403, width=0.004)
    assert goals(result(near, contender(0.4)), "ours")[0].endswith("against peer: reached")
    told = goals(result(far, contender(0.4)), "ours")[0]
    assert told.startswith("hotel, log_loss: +0.0030 [+0.0010, +0.0050] against peer: NOT reached")
    assert "off by +0.10 in the log-odds" in told


def test_on_average_ours_must_be_strictly_below_the_best_single_peer() -> None:
    one, two = result(contender(0.4), contender(0.41)), result(contender(0.5), contender(0.49), "ibm")
    assert averages([one, two], "ours")[0].endswith("NOT reached")
    assert averages([one, one], "ours")[0].endswith("peer 0.4100: reached")


def test_the_level_gap_is_what_forecasts_lack() -> None:
    label = (np.arange(1000) % 10 < 3).astype(float)
    assert level_gap(label, np.full(1000, 0.5)) == pytest.approx(np.log(3 / 7), abs=1e-6)


def test_an_absent_set_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(MissingSetError, match="leads"):
        flat.xeducation(tmp_path)


@pytest.fixture(scope="module")
def snapshots() -> Cases:
    if not (DATA / "bpic2012").exists():
        pytest.skip(f"{DATA / 'bpic2012'} is not there")
    return funnel.bpic2012(DATA)


def test_snapshots_are_of_open_cases_and_training_labels_are_known_before_the_first_test_day(snapshots: Cases) -> None:
    assert (snapshots.closed > snapshots.day).all()
    assert (snapshots.day[snapshots.train] + snapshots.horizon < snapshots.today + 1).all()
    assert snapshots.day[snapshots.test].min() == snapshots.today


def test_a_snapshot_counts_what_happened_before_the_next_midnight_and_nothing_later(snapshots: Cases) -> None:
    events = pd.read_csv(DATA / "bpic2012" / "work_items.csv.gz")
    deals = pd.read_csv(DATA / "bpic2012" / "applications.csv.gz")["application_id"]
    at = pd.to_datetime(events["occurred_at"], utc=True, format="ISO8601").dt.tz_convert(funnel.ZONE)
    for row in (100, 40_000, 90_000):
        midnight = pd.Timestamp("1970-01-01", tz=funnel.ZONE) + pd.DateOffset(days=int(snapshots.day[row]) + 1)
        own = events["application_id"] == deals[snapshots.case[row]]
        assert snapshots.features["work_ever"].iloc[row] == (own & (at < midnight)).sum()
