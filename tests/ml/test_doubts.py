"""Rows that are no ground for a model: the champion stands and the reason is told; without one, damage is a fault."""

from collections.abc import Callable, Iterator
from datetime import date

import numpy as np
import pandas as pd
import pytest

from config.settings import settings
from ml import bundle
from ml.dataset import rows_from
from ml.doubts import doubt
from ml.model import fit
from ml.train import champion, train
from warehouse.connection import connect
from warehouse.frames import fetch_all
from warehouse.steps import StepError, StepRun

AS_OF = date(2025, 6, 30)
TODAY = (AS_OF - date(1970, 1, 1)).days
Fill = Callable[[pd.DataFrame], None]
Pipeline = Callable[..., pd.DataFrame]


def one_class(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(is_won=frame["is_won"] | frame["closed"].notna())


def unlabelled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(is_won=False, closed=np.nan, known=np.nan)


def tiny(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["opportunity_id"].isin(frame["opportunity_id"].unique()[:30])]


def corrupted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(open_gross_amount=np.where(frame.index == frame.index[5], np.inf, frame["open_gross_amount"]))


REGIMES: dict[Callable[[pd.DataFrame], pd.DataFrame], str] = {
    one_class: "closed deals were won",
    unlabelled: "no deal's outcome is known",
    tiny: "deals allow smoothed only, and closed deals do not become fewer",
    corrupted: "open_gross_amount is infinite in 1 training snapshots",
}


@pytest.fixture
def standing(
    features_schema: Fill, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, pd.DataFrame]]:
    """A champion of an earlier day, and the pipeline that it was made from."""
    monkeypatch.setenv("LANDFALL_MLFLOW_URI", "sqlite:////proc/nowhere/mlflow.db")
    settings.cache_clear()
    frame = pipeline(250)
    kept = bundle.save(fit(rows_from(frame), TODAY, "small_model", seed=1), date(2025, 6, 23), seed=1)
    with connect("owner_ddl") as connection:
        connection.execute("truncate scores.models cascade")
        connection.execute(
            "insert into scores.models values (%s, 'win', '2025-06-23', 'small_model', %s, '{}', true, 'test', null)",
            (kept.version, kept.digest),
        )
    yield kept.version, frame
    settings.cache_clear()


@pytest.mark.parametrize("regime", REGIMES, ids=lambda regime: regime.__name__)
def test_the_champion_stands_and_the_reason_is_told(
    regime: Callable[[pd.DataFrame], pd.DataFrame],
    standing: tuple[str, pd.DataFrame],
    features_schema: Fill,
    capsys: pytest.CaptureFixture[str],
) -> None:
    version, frame = standing
    features_schema(regime(frame))
    step = StepRun("train", AS_OF)
    train(AS_OF, step, if_missing=False)
    assert step.detail["trained"] is False
    assert REGIMES[regime] in str(step.detail["reason"])
    assert f"champion {version} stands, not trained" in capsys.readouterr().out
    assert champion(AS_OF) == version
    assert fetch_all("ml", "select count(*) from scores.models") == [(1,)]


@pytest.mark.parametrize("lost", ["manifest.json", "tier.json"])
def test_a_champion_whose_folder_is_lost_or_damaged_does_not_stand_in_the_way(
    lost: str, standing: tuple[str, pd.DataFrame], features_schema: Fill
) -> None:
    """Scoring said to train again, and training said that the champion stands."""
    version, frame = standing
    (bundle.models_home() / version / lost).unlink()
    features_schema(tiny(frame))
    step = StepRun("train", AS_OF)
    train(AS_OF, step, if_missing=False)
    assert step.detail["trained"] is True
    made = champion(AS_OF)
    assert made not in {version, None}
    assert bundle.is_whole(str(made))


def test_no_snapshot_at_all_is_no_ground_either(pipeline: Pipeline) -> None:
    nothing = rows_from(pipeline(3).head(0))
    assert doubt(nothing, TODAY, "smoothed") == "there is no training snapshot"


def test_sound_rows_raise_no_doubt(pipeline: Pipeline) -> None:
    assert doubt(rows_from(pipeline(250)), TODAY, "small_model") == ""


def test_without_a_champion_damaged_rows_are_a_fault_that_names_the_column(
    standing: tuple[str, pd.DataFrame], features_schema: Fill
) -> None:
    with connect("owner_ddl") as connection:
        connection.execute("truncate scores.models cascade")
    features_schema(corrupted(standing[1]))
    with pytest.raises(StepError, match=r"open_gross_amount is infinite in 1 training snapshots: correct"):
        train(AS_OF, StepRun("train", AS_OF), if_missing=False)
    assert champion(AS_OF) is None
