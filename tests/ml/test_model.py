"""The model: one curve per deal that never falls with the horizon, exact reasons, the same bytes from the same rows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml import bundle
from ml.boosted import DEEP, SHALLOW, fit_boosted
from ml.dataset import Rows, rows_from
from ml.encoding import learn_encoding
from ml.model import TIERS, WinModel, allowed_tier, fit, sigmoid
from ml.pairs import anchored, label, sample_pairs
from ml.reasons import explain
from ml.targets import WIN

AS_OF = date(2025, 6, 30)
TODAY = (AS_OF - date(1970, 1, 1)).days
Pipeline = Callable[..., pd.DataFrame]


@pytest.fixture(scope="module")
def rows(pipeline: Pipeline) -> Rows:
    return rows_from(pipeline(1200))


@pytest.fixture(scope="module")
def full(rows: Rows) -> WinModel:
    return fit(rows, TODAY, "full_model", seed=1)


@pytest.fixture(scope="module", params=TIERS)
def model(request: pytest.FixtureRequest, rows: Rows, full: WinModel) -> WinModel:
    return full if request.param == "full_model" else fit(rows, TODAY, request.param, seed=1)


def test_the_probability_never_falls_as_the_horizon_grows(model: WinModel, rows: Rows) -> None:
    curves = model.curve(rows.features.iloc[::7], list(range(1, 400, 7)))
    assert np.diff(curves, axis=1).min() >= 0
    assert curves[:, -1].mean() > curves[:, 0].mean() + 0.1


def test_over_10_000_deals_and_50_horizons_no_probability_falls_and_the_period_s_end_never_exceeds_ever(
    full: WinModel, rows: Rows
) -> None:
    deals = rows.features.iloc[np.random.default_rng(5).integers(0, len(rows), 10_000)].reset_index(drop=True)
    deals = deals.assign(
        days_to_period_end=np.arange(10_000) % 92 + 1.0, days_to_close_date=np.arange(10_000) % 240 - 40.0
    )
    horizons = sorted({*range(1, 92, 2), 120, 180, full.ever_days, 730})
    curves = full.curve(deals, horizons)
    assert curves.shape == (10_000, 50)
    assert np.diff(curves, axis=1).min() >= 0
    by_end = sigmoid(full.log_odds(deals, deals["days_to_period_end"].to_numpy()))
    assert (by_end <= sigmoid(full.log_odds(deals, np.full(10_000, float(full.ever_days))))).all()


def test_predictions_are_the_same_bits_in_any_batch_and_order(full: WinModel, rows: Rows) -> None:
    deals = rows.features.iloc[:3000]
    whole = full.curve(deals, [7, 30, 90])
    pieces = [full.curve(deals.iloc[first : first + 7], [7, 30, 90]) for first in range(0, 210, 7)]
    assert (np.vstack(pieces) == whole[:210]).all()
    assert (full.curve(deals.iloc[::-1], [7, 30, 90])[::-1] == whole).all()


def test_base_contributions_and_calibration_add_up_to_the_log_odds_shown(model: WinModel, rows: Rows) -> None:
    frame = rows.features.iloc[:300]
    horizon = np.full(len(frame), 45.0)
    sums, sentences, base = explain(model, frame, horizon)
    shown = sigmoid(model.log_odds(frame, horizon))
    told = base + [sum(by_theme.values()) for by_theme in sums]
    assert np.abs(told - np.log(shown / (1 - shown))).max() < 1e-6
    assert all("calibration" in by_theme for by_theme in sums)
    assert all(len(of_deal) <= 5 for of_deal in sentences)
    assert sum(map(len, sentences)) >= len(frame)
    strongest = [max(abs(value) for theme, value in by_theme.items() if theme != "calibration") for by_theme in sums]
    assert all(
        abs(of_deal[0]["contribution"]) == top for of_deal, top in zip(sentences, strongest, strict=True) if of_deal
    )


def test_the_base_is_the_same_for_all_deals_asked_the_same_horizon_but_for_single_precision(
    full: WinModel, rows: Rows
) -> None:
    model = full
    _, base, _ = model.explain(rows.features.iloc[:300], np.full(300, 45.0))
    assert base.max() - base.min() < 1e-5


def test_a_model_reads_values_it_has_never_seen_as_missing(full: WinModel, rows: Rows) -> None:
    model = full
    known = rows.features.iloc[:50]
    strange = known.assign(sales_process="人工智能 🤖")
    absent = known.assign(sales_process=None)
    assert (model.curve(strange, [30]) == model.curve(absent, [30])).all()
    assert (model.curve(strange, [30]) != model.curve(known, [30])).any()


def test_a_model_survives_saving_and_loading_bit_for_bit_and_the_same_rows_give_the_same_version(
    model: WinModel, rows: Rows, home: Path
) -> None:
    kept = bundle.save(model, AS_OF, seed=1)
    again = bundle.save(fit(rows, TODAY, model.name, seed=1), AS_OF, seed=1)
    loaded = bundle.load(kept.version).model
    frame = rows.features.iloc[::5]
    assert again.version == kept.version
    assert (loaded.curve(frame, [7, 30, 90]) == model.curve(frame, [7, 30, 90])).all()
    assert (loaded.curve(frame.iloc[3:4], [30]) == model.curve(frame, [30])[3]).all()
    assert (loaded.typical, loaded.ever_days, loaded.calibration) == (model.typical, model.ever_days, model.calibration)


def test_the_tier_follows_the_number_of_closed_deals(pipeline: Pipeline) -> None:
    def tier(deals: int) -> str:
        return allowed_tier(rows_from(pipeline(deals)), TODAY)

    assert (tier(30), tier(250), tier(1200)) == TIERS


def test_without_a_single_past_snapshot_the_set_rates_still_answer(rows: Rows) -> None:
    model = fit(rows.take(np.zeros(len(rows), dtype=bool)), TODAY, "smoothed", seed=1)
    deals = pd.DataFrame({name: [None, None] for name in WIN.names}).assign(
        stage_code=["S1", "S4"], stage_set_rate=[0.1, 0.8]
    )
    early, late = model.curve(deals, [30, 700])
    assert 0.09 < early[1] <= 0.1
    assert 0.75 < late[1] <= 0.8
    assert late[0] == pytest.approx(0.8 * (1 - np.exp(-30 / 90)), abs=1e-9)


def test_realised_rates_outweigh_a_wrong_set_rate(rows: Rows) -> None:
    wrong = rows.features.assign(stage_set_rate=0.9)
    model = fit(
        Rows(wrong, *(getattr(rows, name) for name in ("deal", "day", "closed", "known", "is_won", "age"))),
        TODAY,
        "smoothed",
        1,
    )
    s1 = rows.features["stage_code"] == "S1"
    realised = rows.is_won[s1 & (rows.known <= TODAY)].mean()
    assert model.curve(wrong[s1].iloc[:1], [365])[0, 0] == pytest.approx(realised, abs=0.1)


def test_a_field_that_only_starts_recently_is_left_out_until_180_days_carry_it(pipeline: Pipeline) -> None:
    frame = pipeline(300)
    frame.loc[frame["day"] < TODAY - 60, "interactions_count_30d"] = np.nan
    young = fit(rows_from(frame), TODAY, "small_model", seed=1).tier
    assert "interactions_count_30d" not in young.columns
    assert young.files()["parts"]["small"]["encoding"]["left_out"]["interactions_count_30d"].startswith(
        "carried by training rows for 5"
    )


def test_regression_drops_a_step_in_the_horizon_whose_weight_would_be_negative(pipeline: Pipeline) -> None:
    frame = pipeline(300).assign(
        days_to_close_date=lambda deals: np.where(deals["is_won"], 400.0, 1.0)
    )  # late promises win here
    model = fit(rows_from(frame), TODAY, "small_model", seed=1)
    deal = frame.iloc[-1:].assign(days_to_close_date=50.0)
    assert np.diff(model.curve(deal[list(WIN.names)], [30, 49, 50, 60]), axis=1).min() >= 0


def test_a_deal_that_is_decided_on_a_dated_day_has_little_chance_before_it_and_its_chance_after_it(
    pipeline: Pipeline,
) -> None:
    """Nobody signs a tender before its bid day, yet tenders were given chances there: the model knew the day, its horizon did not."""
    frame = pipeline(500)
    is_tender = frame["opportunity_id"].str[-1].isin(list("02468"))
    ends = frame["closed"].fillna(frame["day"] + frame["days_to_close_date"])
    days_to_bid = np.where(is_tender, ends - 4 - frame["day"], np.nan)
    tenders = frame.assign(days_to_bid=days_to_bid, days_to_close_date=np.nan)
    deals = tenders[(tenders["stage_code"] == "S2") & is_tender].iloc[:40].assign(days_to_bid=40.0)[list(WIN.names)]
    model = fit(rows_from(tenders), TODAY, "small_model", seed=1)
    assert model.target.feature_of("horizon_past_bid").name == "days_to_bid"
    curve = model.curve(deals, [31, 39, 47, 70])
    earlier, before, after, _ = curve.mean(axis=0)
    assert np.diff(curve, axis=1).min() >= 0
    assert after / before > 1.6 > 1.4 > before / earlier


def test_a_win_counts_from_the_day_it_was_known_not_from_the_day_it_happened(pipeline: Pipeline) -> None:
    frame = pipeline(300)
    one = frame[frame["is_won"]].iloc[:1]
    won = rows_from(one.assign(day=100, closed=110.0, known=120.0))
    here, month = np.zeros(1, dtype=np.int64), np.full(1, 30.0)
    assert label(won, here, month, today=119) == 0
    assert label(won, here, month, today=120) == 1
    assert label(won, here, np.full(1, 9.0), today=120) == 0


def test_who_wins_soon_is_told_by_who_won_soon_though_another_kind_wins_more_often_in_the_end(
    pipeline: Pipeline,
) -> None:
    """Answers of a year ahead had as much say in who is won within the month as those of the month: the ranking was theirs."""
    frame = pipeline(800)
    is_small = frame["opportunity_id"].str[-1].isin(list("02468"))  # three in ten are won, all within three weeks
    began = frame.groupby("opportunity_id")["day"].transform("min")
    ends = began + np.where(is_small, 20, 90)
    luck = frame["opportunity_id"].str[-3:].astype(int) // 2 % 10
    is_over = ends <= TODAY
    told = frame.assign(
        lead_source=np.where(is_small, "shop", "tender"),
        closed=np.where(is_over, ends, np.nan),
        known=np.where(is_over, ends, np.nan),
        is_won=is_over & (luck < np.where(is_small, 3, 9)),
        days_to_close_date=np.nan,
    )
    told = told[(told["day"] < ends) | ~is_over]
    for name in ("stage_code", "stage_set_rate", "age_days", "days_in_stage", "sales_process"):
        told[name] = None if name in WIN.texts else np.nan  # the source alone tells who is quick
    model = fit(rows_from(told.reset_index(drop=True)), TODAY, "small_model", seed=1)
    deals = told.groupby("lead_source").tail(1).sort_values("lead_source")[list(WIN.names)]
    soon = model.curve(deals, [30])[:, 0]
    assert soon[0] > 2 * soon[1]  # 30 % and 6 % of their snapshots were won within 30 days


@pytest.mark.parametrize(("deals", "shallow"), [(300, 100), (2_000, 100), (8_000, 200), (1_000_000, 300)])
def test_more_deals_mean_more_shallow_trees_and_no_more_deep_ones(deals: float, shallow: int) -> None:
    assert (SHALLOW.at_anchor(deals), DEEP.at_anchor(deals)) == (shallow, 100)


def test_a_booster_has_the_rounds_at_one_horizon_that_its_deals_ask_for_and_then_those_at_all(rows: Rows) -> None:
    """A deal's weight is told ten times over: as if ten times as many had taught it."""
    encoding, anchor = learn_encoding(rows, TODAY), anchored(rows, TODAY)
    many = replace(anchor, weight=anchor.weight * 10)
    pairs = sample_pairs(rows, TODAY, 90, 1)
    boosters = [fit_boosted(rows, pairs, encoding, TODAY, SHALLOW, 1, each).booster for each in (anchor, many, None)]
    assert [booster.num_boosted_rounds() for booster in boosters] == [
        200,
        SHALLOW.at_anchor(many.weight.sum()) + 100,
        200,
    ]
    assert boosters[1].num_boosted_rounds() > 250
