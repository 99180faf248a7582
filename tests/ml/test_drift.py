"""Drift of the day's features: twelve drifts are found and named, thirty clean nights raise no alarm, and the champion stands."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.drift import Finding, findings
from ml.profiles import Profile, profile_of, psi
from ml.score import score
from ml.targets import WIN
from ml.train import champion, train
from tests.ml.conftest import AS_OF, TODAY, invented
from warehouse.connection import connect
from warehouse.frames import fetch_all
from warehouse.steps import StepRun


def profiles_of(frame: pd.DataFrame) -> dict[str, Profile]:
    window = frame[(frame["day"] > TODAY - 182) & ((frame["day"] - 4) % 7 == 0)]
    deals = window["opportunity_id"].nunique()
    return {
        name: profile_of(window[name], window["day"].to_numpy(float), deals, is_text=name in WIN.texts)
        for name in WIN.names
    }


@pytest.fixture(scope="module")
def profiles() -> dict[str, Profile]:
    return profiles_of(invented(900))


def night(seed: int) -> pd.DataFrame:
    frame = invented(900, seed=seed)
    return frame[frame["day"] == TODAY].reset_index(drop=True)


def verdicts(found: list[Finding]) -> dict[str, str]:
    return {each.feature: each.verdict for each in found if each.verdict != "none"}


def test_psi_matches_a_hand_worked_case() -> None:
    profile = profile_of(pd.Series(["a"] * 6 + ["b"] * 4), np.zeros(10), 10, is_text=True)
    # (0.3 - 0.6) ln(0.3 / 0.6) + (0.7 - 0.4) ln(0.7 / 0.4)
    found = psi(profile, pd.Series(["a"] * 3 + ["b"] * 7))
    assert found == pytest.approx(-0.3 * np.log(0.5) + 0.3 * np.log(1.75))
    assert psi(profile, pd.Series(["a"] * 6 + ["b"] * 4)) == 0


def test_thirty_clean_nights_raise_no_alarm(profiles: dict[str, Profile]) -> None:
    alarms = {seed: verdicts(findings(profiles, night(seed))) for seed in range(100, 130)}
    assert {seed: found for seed, found in alarms.items() if found} == {}


DRIFTS: dict[str, tuple[str, str, Callable[[pd.Series], pd.Series]]] = {
    "元 instead of 万元": ("open_gross_amount", "unit", lambda x: x * 1e4),
    "a hundredth": ("open_gross_amount", "unit", lambda x: x / 100),
    "cents": ("open_gross_amount", "unit", lambda x: x * 100),
    "two in five in another unit": ("open_gross_amount", "psi", lambda x: x.where(np.arange(len(x)) % 5 > 1, x * 1e4)),
    "a number is gone": ("interactions_count_30d", "missing", lambda x: x * np.nan),
    "a text is gone": ("stage_code", "missing", lambda x: x.where(x.isna())),
    "half is missing": ("age_days", "missing", lambda x: x.where(np.arange(len(x)) % 2 == 0)),
    "what was missing is filled": ("open_gross_amount", "missing", lambda x: x.fillna(x.median())),
    "a new stage": ("stage_code", "new_values", lambda x: x.where(np.arange(len(x)) % 4 > 0, "S9")),
    "renamed values": ("sales_process", "new_values", lambda x: x + " 2"),
    "a mean moves": ("age_days", "psi", lambda x: x + 2 * x.std()),
    "everything is equal": ("stage_set_rate", "psi", lambda x: x * 0 + 0.3),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_planted_drift_is_found_and_named(profiles: dict[str, Profile], drift: str) -> None:
    feature, verdict, planted = DRIFTS[drift]
    deals = night(100)
    deals[feature] = planted(deals[feature])
    assert verdicts(findings(profiles, deals)) == {feature: verdict}


def test_the_sentence_names_field_figure_and_question_in_both_languages(profiles: dict[str, Profile]) -> None:
    deals = night(100)
    deals["open_gross_amount"] = deals["open_gross_amount"] * 1e4
    (found,) = [each for each in findings(profiles, deals) if each.verdict == "unit"]
    assert (
        found.said("zh") == "商机金额（含税）（open_gross_amount）的数量级变了约 10000 倍：单位是否改了（元与万元）？"
    )
    assert found.said("en").startswith(
        "the open amount (gross) (open_gross_amount) is about 10000 times its usual size"
    )


def test_few_deals_and_a_window_of_few_days_tell_nothing_but_a_unit(profiles: dict[str, Profile]) -> None:
    deals = night(100)
    assert verdicts(findings(profiles, deals.head(9).assign(stage_code=None))) == {}
    frame = invented(900)
    young = profiles_of(frame[frame["day"] > TODAY - 15])
    assert verdicts(findings(young, deals.assign(open_gross_amount=deals["open_gross_amount"] * 1e4))) == {
        "open_gross_amount": "unit"
    }


def test_a_window_without_deals_or_of_few_days_says_nothing_of_what_is_missing() -> None:
    """A tenant's first model was made on a Wednesday: its window held no Monday, every field counted as never missing, and each later
    training was refused."""
    deals = night(100)
    before_any = profiles_of(invented(900).head(0))
    assert verdicts(findings(before_any, deals)) == {}
    frame = invented(900)
    young = profiles_of(frame[frame["day"] > TODAY - 15])
    assert verdicts(findings(young, deals.assign(stage_code=None))) == {}


def test_a_field_that_begins_to_be_filled_is_named_and_only_one_that_goes_missing_stops_training(
    profiles: dict[str, Profile],
) -> None:
    deals = night(100)
    filled = deals.assign(open_gross_amount=deals["open_gross_amount"].fillna(1e5))
    gone = deals.assign(open_gross_amount=np.nan)
    said = {
        name: [(each.verdict, each.stops_training) for each in findings(profiles, day) if each.verdict != "none"]
        for name, day in (("filled", filled), ("gone", gone))
    }
    assert said == {"filled": [("missing", False)], "gone": [("missing", True)]}


def test_the_scoring_step_keeps_findings_once_and_training_leaves_the_champion_and_says_why(
    features_schema: Callable[[pd.DataFrame], None], capsys: pytest.CaptureFixture[str]
) -> None:
    frame = invented(800)
    is_open = frame["opportunity_id"].isin(frame["opportunity_id"][frame["day"] == TODAY])
    frame = frame[is_open | (frame["opportunity_id"] < "O-00050")].reset_index(drop=True)
    frame.loc[frame["day"] == TODAY, "open_gross_amount"] *= 1e4
    features_schema(frame)
    earlier = date.fromordinal(AS_OF.toordinal() - 7)
    train(earlier, StepRun("train", earlier), if_missing=True)
    version = champion(AS_OF)
    with connect("transformer") as connection:
        connection.execute(
            "insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state)"
            " values ('b1', %s, '', '', %s, 1, 'building')",
            (AS_OF, version),
        )
    for _ in range(2):
        score(AS_OF, StepRun("score", AS_OF))
    kept = fetch_all("ml", "select feature, verdict from ops.feature_drift where build_id = 'b1' and is_drifted")
    assert kept == [("open_gross_amount", "unit")]
    train(AS_OF, StepRun("train", AS_OF), if_missing=False)
    assert champion(AS_OF) == version
    assert "stands, not trained: the open amount (gross)" in capsys.readouterr().out
