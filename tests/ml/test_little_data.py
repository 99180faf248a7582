"""Little data: with 0, 20, 60, 150 and 500 closed deals there is always a forecast, its tier is told, and its range holds what lands."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from ml.dataset import EPOCH, day_number, rows_from
from ml.train import choose
from tests.ml.conftest import TODAY
from tests.ml.small_tenants import SPAN, forecast_of, tenant

DAY = TODAY - SPAN - (TODAY - SPAN - 4) % 7  # a Monday, so that open deals have a snapshot of it
BINOMIAL = {
    10: 5,
    50: 34,
}  # fewest of so many 80 % ranges that hold what lands, by the exact 95 % interval of the binomial


@pytest.fixture(scope="module")
def pool(pipeline: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """A company of three thousand deals, out of which tenants are drawn."""
    return pipeline(3000, seed=11)


def held(pool: pd.DataFrame, closed: int, samples: int) -> tuple[int, set[str]]:
    """How many of the samples' ranges hold what landed, and the tiers that forecast."""
    found, tiers = 0, set()
    for seed in range(samples):
        drawn = tenant(pool, closed, seed, DAY)
        model, (*_, mean, low, middle, high, reason, _scale) = forecast_of(drawn)
        assert (reason, low <= middle <= high, mean >= 0) == (None, True, True)
        found += low <= drawn.landed / 100 <= high
        tiers.add(model.name)
    return found, tiers


@pytest.mark.parametrize(("closed", "tier"), [(20, "smoothed"), (60, "smoothed")])
def test_few_closed_deals_forecast_by_smoothed_rates_and_the_range_holds(
    pool: pd.DataFrame, closed: int, tier: str
) -> None:
    found, tiers = held(pool, closed, 10)
    assert tiers == {tier}
    assert found >= BINOMIAL[10]


@pytest.mark.soak
@pytest.mark.parametrize("closed", [20, 60, 150, 500])
def test_ranges_hold_over_fifty_random_tenants_of_a_size(pool: pd.DataFrame, closed: int) -> None:
    found, tiers = held(pool, closed, 50)
    print(f"{closed} closed deals: {found} of 50 ranges hold, tiers {', '.join(sorted(tiers))}")
    assert found >= BINOMIAL[50]
    assert tiers <= ({"smoothed", "small_model"} if closed < 500 else {"small_model", "full_model"})


def test_without_any_closed_deal_there_is_a_mean_by_set_rates_and_a_reason_instead_of_a_range(
    pool: pd.DataFrame,
) -> None:
    drawn = tenant(pool, 0, 1, DAY)
    model, (*_, from_open, from_new, mean, low, _middle, high, reason, _scale) = forecast_of(drawn)
    assert model.name == "smoothed"
    assert (from_open > 0, from_new, mean, low, high) == (True, 0, from_open, None, None)
    assert reason == "fewer than 2 past windows are known (0): no range yet"


def test_a_tenant_without_field_history_is_forecast_all_the_same(pool: pd.DataFrame) -> None:
    """Stage, amount and dates of past days are not known: snapshots hold what was fixed at creation, age and contacts."""
    kept = ["sales_process", "age_days", "interactions_count_30d", "days_since_last_interaction", "days_to_period_end"]
    bare = pool.copy()
    past = (bare["day"] != DAY) & (bare["day"] < TODAY)
    lost = [name for name in rows_from(pool).features.columns if name not in kept]
    amount = bare["open_gross_amount"].copy()
    bare.loc[past, lost] = np.nan
    bare.loc[bare.drop_duplicates("opportunity_id", keep="last").index, "open_gross_amount"] = amount
    found, tiers = held(bare, 60, 10)
    assert tiers == {"smoothed"}
    assert found >= BINOMIAL[10]


def test_after_ninety_watched_nights_the_tier_rises_by_itself(pipeline: Callable[..., pd.DataFrame]) -> None:
    """A tenant begins with an empty past and is watched night by night: every training asks anew what the closed deals allow and prove."""
    first = EPOCH + timedelta(days=TODAY - 150)
    watched = pipeline(900, days=150, seed=3)
    watched = watched[watched["day"] >= day_number(first)]
    chosen = []
    for night in (0, 30, 90):
        day = first + timedelta(days=night)
        chosen.append(choose(rows_from(watched[watched["day"] <= day_number(day)]), day, seed=1))
    assert [each.tier for each in chosen] == ["smoothed", "smoothed", "small_model"]
    assert "0 won and 0 lost deals allow smoothed" in chosen[0].reason
    assert "small_model beats smoothed and the simple rates" in chosen[2].reason
