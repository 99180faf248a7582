"""The lead model where leads convert by a known rule: who trains, how good it is out of time, what few leads give."""

import math
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from config.settings import settings
from ml import bundle
from ml.dataset import EPOCH, Floats, day_number, rows_from
from ml.evaluate import BASE_RATE, judge, lift
from ml.leads import LADDER, read_lead_rows
from ml.model import allowed_tier, fit, sigmoid
from ml.score_leads import score_rows
from ml.smoothed import fit_smoothed
from ml.targets import LEAD
from ml.train import choose, train
from tests.ml.conftest import SQL_TYPE
from warehouse.connection import connect
from warehouse.frames import append_rows, fetch_all
from warehouse.steps import StepRun

AS_OF = date(2025, 6, 30)
TODAY = day_number(AS_OF)
DAYS = 700
AUC_MARGIN = 0.04  # over the rates by source and age
MOST_ECE = 0.05  # on about a thousand held-out rows
LEAST_LIFT = 1.8


def invented_leads(leads: int, seed: int = 7) -> pd.DataFrame:
    """Snapshots at the ages that train: source and visits decide whether a lead converts, mostly within two weeks."""
    draw = np.random.default_rng(seed)
    rows = []
    for lead in range(leads):
        born = TODAY - int(draw.integers(0, DAYS))
        source, visits = ["web", "fair", "referral"][int(draw.integers(3))], int(draw.poisson(3))
        chance = 1 / (1 + math.exp(3.4 - 0.5 * visits - {"web": 0.0, "fair": 0.5, "referral": 1.2}[source]))
        after = max(int(draw.lognormal(2.0, 0.9)), 1) if draw.random() < chance else 10_000
        for age in LADDER:
            if age >= after or born + age > TODAY:
                break
            is_won = after < 90
            row = dict.fromkeys(LEAD.names, np.nan) | dict.fromkeys(LEAD.texts) | {"lead_source": source}
            rows.append(
                row
                | {
                    "lead_id": f"L{lead:05d}",
                    "day": born + age,
                    "age_days": float(age),
                    "web_visits_count": float(visits),
                    "closed": float(born + (after if is_won else 90)),
                    "known": float(born + 90),
                    "is_won": is_won,
                }
            )
    return pd.DataFrame(rows)


def chances(model_frame: pd.DataFrame, model: object) -> Floats:
    left = 90 - model_frame["age_days"].to_numpy(dtype=float)
    return sigmoid(model.log_odds(model_frame, left))  # type: ignore[attr-defined]


def test_out_of_time_the_model_beats_the_rates_by_source_and_age_and_its_top_fifth_converts_more_often() -> None:
    rows = rows_from(invented_leads(3000), LEAD)
    choice = choose(rows, AS_OF, seed=1)
    figures = choice.judged.figures
    own, rates = figures[choice.tier], figures[LEAD.rates[1]]
    assert choice.judged.window_to == AS_OF - timedelta(days=90)
    assert own["roc_auc"] >= rates["roc_auc"] + AUC_MARGIN
    assert own["log_loss"] < min(rates["log_loss"], figures[BASE_RATE]["log_loss"])
    assert own["ece"] <= MOST_ECE
    assert own["lift_20"] >= LEAST_LIFT


def test_a_lead_whose_answer_is_not_90_days_old_never_teaches() -> None:
    frame = invented_leads(400)
    rows = rows_from(frame, LEAD)
    cut = TODAY - 90
    spoilt = frame.assign(
        is_won=np.where(frame["day"] - frame["age_days"] > cut, True, frame["is_won"]),
        closed=np.where(frame["day"] - frame["age_days"] > cut, frame["day"] + 1.0, frame["closed"]),
    )
    asked = frame[frame["age_days"] == 0].head(50)
    taught = [fit(made, TODAY, "small_model", seed=1) for made in (rows, rows_from(spoilt, LEAD))]
    known = [int((made.known <= TODAY).sum()) for made in (rows, rows_from(spoilt, LEAD))]
    assert known[0] == known[1] < len(rows)
    assert chances(asked, taught[0]).tolist() == chances(asked, taught[1]).tolist()


def test_few_leads_fall_back_to_rates_by_source_that_shrink_with_age() -> None:
    rows = rows_from(invented_leads(60), LEAD)
    assert allowed_tier(rows, TODAY) == "smoothed"
    assert choose(rows, AS_OF, seed=1).tier == "smoothed"
    model = fit(rows, TODAY, "smoothed", seed=1)
    ages = pd.DataFrame({"lead_source": ["referral"] * 4, "age_days": [0.0, 7.0, 30.0, 80.0]})
    fresh, week, month, old = chances(ages, model)
    assert 1 > fresh > week > month > old > 0


def test_a_lead_still_open_has_what_its_source_converts_less_what_would_have_come_by_now() -> None:
    rows = rows_from(invented_leads(20_000, seed=3), LEAD)
    smoothed = fit_smoothed(rows, TODAY)
    frame = rows.features
    late = (rows.age == 21) & (rows.known <= TODAY) & (frame["lead_source"] == "referral").to_numpy()
    told = sigmoid(smoothed.log_odds(smoothed.prepare(frame[late].head(1)), np.array([69.0])))[0]
    assert told == pytest.approx(rows.is_won[late].mean(), abs=0.03)


def test_the_lift_counts_leads_once_and_splits_ties() -> None:
    label = np.array([1.0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    assert lift(label, np.linspace(1, 0, 10)) == 5.0
    assert lift(label, np.full(10, 0.2)) == pytest.approx(1.0)
    assert lift(np.zeros(10), np.linspace(1, 0, 10)) == 1.0


def test_reasons_add_up_to_the_chance_and_speak_of_converted_leads() -> None:
    frame = invented_leads(400)
    model = fit(rows_from(frame, LEAD), TODAY, "small_model", seed=1)
    asked = frame[frame["age_days"] == 2].head(20).assign(features_hash="h")
    rows = score_rows(model, asked, AS_OF, "b", "lead-1")
    for row, chance in zip(rows, chances(asked, model), strict=True):
        assert row[3] == pytest.approx(chance, abs=1e-12)
        assert row[6] + sum(row[7].values()) == pytest.approx(math.log(chance / (1 - chance)), abs=1e-6)
        assert 0 < len(row[8]) <= 5
    assert any("转化线索" in reason["zh"] and "converted leads" in reason["en"] for row in rows for reason in row[8])


@pytest.fixture(scope="module")
def registry_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('registry')}/mlflow.db"


@pytest.fixture
def tables(
    features_schema: Callable[[pd.DataFrame], None],
    pipeline: Callable[..., pd.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
    registry_file: str,
) -> Iterator[pd.DataFrame]:
    """400 leads and a few deals in schema `features`, no model yet, a registry in a file of this module."""
    monkeypatch.setenv("LANDFALL_MLFLOW_URI", registry_file)
    settings.cache_clear()
    features_schema(pipeline(30))
    frame = invented_leads(400)
    kinds = {"lead_id": "text", "as_of_date": "date", "revision": "int4", "features_hash": "text"}
    kinds |= {name: SQL_TYPE[LEAD.by_name[name].kind] for name in LEAD.names}
    rows = [
        [row["lead_id"], EPOCH + timedelta(days=row["day"]), 1, "h", *(_cell(row[name]) for name in LEAD.names)]
        for row in frame.to_dict("records")
    ]
    with connect("transformer") as connection:
        append_rows(connection, "features.lead_features", kinds, rows)
        for row in frame.drop_duplicates("lead_id").to_dict("records"):
            born = EPOCH + timedelta(days=int(row["day"] - row["age_days"]))
            due = born + timedelta(days=90)
            won = bool(row["is_won"]) if due <= AS_OF else None
            connection.execute(
                "insert into features.lead_outcomes values (%s, %s, %s, %s, %s)",
                (row["lead_id"], won, born, EPOCH + timedelta(days=int(row["closed"])), due),
            )
    with connect("owner_ddl") as connection:
        connection.execute("truncate scores.models cascade")
    yield frame
    settings.cache_clear()


def _cell(value: object) -> object:
    return None if value is None or value != value else value


def test_the_cut_of_the_training_is_kept_by_the_query(tables: pd.DataFrame) -> None:
    rows = read_lead_rows(AS_OF)
    asked = """select count(*) from features.lead_features as f join features.lead_outcomes as o using (lead_id)
               where o.created_on <= %s and f.as_of_date <= %s"""
    ((expected,),) = fetch_all("ml", asked, (AS_OF - timedelta(days=90), AS_OF))
    assert len(rows) == expected < len(tables)
    assert rows.born.max() <= TODAY - 90


def test_training_keeps_a_lead_model_of_its_own_beside_the_win_model_and_prints_the_lift(
    tables: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    train(AS_OF, StepRun("train", AS_OF), if_missing=False)
    kept = dict(fetch_all("ml", "select model_name, model_version from scores.models where is_promoted"))
    assert set(kept) == {"win", "lead"}
    assert bundle.load(kept["lead"]).model.target == LEAD
    assert "the top 20% of leads hold" in capsys.readouterr().out
    lifts = fetch_all(
        "ml",
        "select value from scores.model_evaluations where model_version = %s and metric = 'lift_20'",
        (kept["lead"],),
    )
    assert lifts


def test_a_tenant_without_leads_has_no_lead_model(tables: pd.DataFrame) -> None:
    with connect("transformer") as connection:
        connection.execute("truncate features.lead_features")
    train(AS_OF, StepRun("train", AS_OF), if_missing=False)
    assert fetch_all("ml", "select model_name from scores.models") == [("win",)]


def test_judging_holds_out_leads_by_the_day_of_their_creation() -> None:
    rows = rows_from(invented_leads(800), LEAD)
    judged = judge(rows, AS_OF, ["smoothed"], seed=1)
    first, last = day_number(judged.window_from), day_number(judged.window_to)
    held = (rows.born >= first) & (rows.born <= last)
    assert judged.n_rows == int(held.sum())
