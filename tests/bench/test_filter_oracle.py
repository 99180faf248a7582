"""The filter-oracle that our model is held against: it must be right on average about what it cannot see, else it is no yardstick."""

from datetime import date

import numpy as np
import pytest

from bench.filter_oracle import FilterOracle
from bench.served import Deal, Served, served
from sandbox.company import Company, generate, process
from sandbox.company.seasons import Span

DAY = date(2026, 6, 30)
SKY = process.weather(Span.up_to(DAY), 6, 3)
FIRST = DAY.toordinal() - 200


@pytest.fixture(scope="module")
def company() -> Company:
    return generate(DAY, scale=0.02, seed=11, days_ahead=0)


def believed(deals: list[Deal], contacts: dict[int, list[tuple[int, int]]], days: int = 40) -> FilterOracle:
    """An oracle that saw these deals, all entered on one day, for `days` days."""
    oracle = FilterOracle(Served(deals, contacts=contacts), SKY)
    for ordinal in range(FIRST, FIRST + days):
        oracle.look(ordinal)
    return oracle


def deal(name: str, **fields: float) -> Deal:
    entered = {"bid": 0, "stage": 1} | fields
    return Deal(name, FIRST, 0, entered["stage"], 4, "1021", 0.0, entered["bid"], False, False, 0.0, 0.5)  # type: ignore[arg-type]


def test_its_chances_are_on_average_those_of_who_knows_the_hidden_state(company: Company) -> None:
    """In each half by its own chance, over a year of Mondays: what is hidden averages out, where signing takes a day to be typed."""
    oracle = FilterOracle(served(company.patches, company.truth.sky), company.truth.sky)
    days = {day.toordinal() for day in company.truth.snapshot_days()}
    told: list[tuple[float, float]] = []
    for ordinal in range(int(oracle.created.min()), DAY.toordinal() - 40):
        oracle.look(ordinal)
        if ordinal in days and ordinal > DAY.toordinal() - 400:
            true = company.truth.won_within(date.fromordinal(ordinal))
            ids, chance = oracle.chances(ordinal, 30)
            told += [(p, true[name]["30"]) for name, p in zip(ids, chance[:, -1], strict=True) if name in true]
    ours, true = np.array(told).T
    high = ours > np.median(ours)
    assert len(ours) > 500
    assert ours[~high].mean() == pytest.approx(true[~high].mean(), abs=0.015)
    assert ours[high].mean() == pytest.approx(true[high].mean(), abs=0.04)
    assert np.corrcoef(ours, true)[0, 1] > 0.5
    assert np.mean((true - ours) ** 2) < 0.8 * true.var()  # it tells deals apart


def test_a_tender_has_no_chance_before_its_bid_day_and_chances_never_fall() -> None:
    oracle = believed([deal("tender", bid=FIRST + 60), deal("other")], {}, days=20)
    ids, chance = oracle.chances(FIRST + 19, 60)
    assert ids == ["tender", "other"]
    assert (chance[0, :40] == 0).all()
    assert chance[0, 59] > 0
    assert (chance[1] > 0).all()
    assert (np.diff(chance, axis=1) >= -1e-12).all()


def test_a_customer_who_calls_is_believed_alive_and_a_silent_one_lost() -> None:
    calls: dict[int, list[tuple[int, int]]] = {FIRST + day: [(0, 1)] for day in range(3, 40, 3)}
    oracle = believed([deal("called"), deal("silent")], calls)
    now = oracle.belief
    assert now.lost[0].sum() < 0.1 < 0.2 < now.lost[1].sum()
    assert now.alive[0, ..., 1].sum() / now.alive[0].sum() > now.alive[1, ..., 1].sum() / now.alive[1].sum()  # intent
    assert (now.alive.sum(axis=(1, 2, 3, 4, 5, 6)) + now.won.sum(axis=1) + now.lost.sum(axis=1)) == pytest.approx(1)
    _, chance = oracle.chances(FIRST + 39, 30)
    assert chance[0, -1] > 1.5 * chance[1, -1]
