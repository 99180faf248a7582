"""Training on a real database: what is read, which tier results, what is kept, and that twice is once."""

from collections.abc import Callable, Iterator
from datetime import date

import pandas as pd
import pytest

from config.settings import settings
from ml.bundle import load, models_home
from ml.dataset import day_number, read_rows
from ml.evaluate import STAGE_DAYS_RATE
from ml.features import HORIZON_COLUMNS
from ml.train import champion, train
from warehouse.connection import connect
from warehouse.frames import fetch_all
from warehouse.steps import StepRun

AS_OF = date(2025, 6, 30)
MONDAY = date(2025, 6, 2)
Fill = Callable[[pd.DataFrame], None]
Pipeline = Callable[..., pd.DataFrame]


@pytest.fixture(scope="module")
def registry_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('registry')}/mlflow.db"


@pytest.fixture
def registry(registry_file: str, monkeypatch: pytest.MonkeyPatch, tenant_database: str) -> Iterator[str]:
    """A registry in a file of this module, and no model in the database."""
    monkeypatch.setenv("LANDFALL_MLFLOW_URI", registry_file)
    settings.cache_clear()
    with connect("owner_ddl") as connection:
        connection.execute("truncate scores.models cascade")
    yield registry_file
    settings.cache_clear()


def run(*, if_missing: bool = False, as_of: date = AS_OF) -> dict[str, object]:
    step = StepRun("train", as_of)
    train(as_of, step, if_missing=if_missing)
    return step.detail


def stored() -> list[tuple[object, ...]]:
    return fetch_all("ml", "select model_version, tier, is_promoted, reason, mlflow_run_id from scores.models")


def test_rows_are_grid_days_in_their_highest_revision_without_deals_entered_after_the_fact(
    features_schema: Fill, pipeline: Pipeline
) -> None:
    features_schema(pipeline(3).head(0))
    with connect("transformer") as connection:
        for deal, day, revision, stage in [
            ("A", date(2025, 6, 2), 1, "S1"),
            ("A", date(2025, 6, 2), 2, "S2"),
            ("A", date(2025, 6, 3), 1, "S3"),  # a Tuesday: off the weekly grid
            ("A", date(2025, 7, 7), 1, "S4"),  # after the training day
            ("B", date(2025, 6, 2), 1, "S1"),  # entered after the fact
            ("C", date(2025, 6, 9), 1, "S1"),  # closed before, told later: nothing to predict
        ]:
            connection.execute(
                "insert into features.opportunity_features (opportunity_id, as_of_date, revision, stage_code) values (%s, %s, %s, %s)",
                (deal, day, revision, stage),
            )
        connection.execute("""insert into features.opportunity_outcome_versions values
            ('A', 'open', null, null, false, null, '-infinity', '2025-07-02'),
            ('A', 'won', '2025-06-20', '2025-07-01', false, 9.00, '2025-07-02', 'infinity'),
            ('B', 'won', '2025-06-20', '2025-06-20', true, 9.00, '2025-06-21', 'infinity'),
            ('C', 'lost', '2025-06-05', '2025-06-12', false, null, '2025-06-13', 'infinity')""")
    rows = read_rows(AS_OF)
    assert rows.features["stage_code"].tolist() == ["S2"]
    assert rows.day.tolist() == [day_number(MONDAY)]
    assert not rows.is_won[0]  # won on the 20th, but nobody knew on the training day
    assert rows.closed[0] == float("inf")


def test_enough_deals_give_boosting_with_its_figures_and_a_second_training_appends_nothing(
    features_schema: Fill, pipeline: Pipeline, registry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    features_schema(pipeline(1200))
    detail = run()
    first = stored()
    assert detail["tier"] == "full_model"
    assert len(first) == 1
    assert first[0][2] is True
    assert first[0][4] is not None
    assert f"{STAGE_DAYS_RATE}  " in capsys.readouterr().out
    figures = fetch_all("ml", "select contender, metric, n_rows from scores.model_evaluations where horizon_days = 30")
    assert {name for name, _, _ in figures} >= {
        "full_model",
        "small_model",
        "smoothed",
        "base rate",
        "stage rates",
        STAGE_DAYS_RATE,
    }
    trained = fetch_all("ml", "select training_from, training_to, training_rows from scores.models")
    assert trained == [(*read_rows(AS_OF).window, detail["rows"])]
    assert run()["model_version"] == detail["model_version"]
    assert stored() == first


def test_a_model_that_comes_out_again_is_said_to_stand_only_where_it_is_the_champion(
    features_schema: Fill, pipeline: Pipeline, registry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was said to stand unchanged while another, trained after it on the same day, was what scored."""
    features_schema(pipeline(32))
    versions = [run()["model_version"], run()["model_version"]]
    flip = (
        "update features.opportunity_outcome_versions set outcome = case outcome when 'won' then 'lost' else 'won' end"
    )
    for _ in ("corrected", "and corrected back"):
        with connect("transformer") as connection:
            connection.execute(f"{flip} where opportunity_id = 'O-00000' and closed_on is not null")
        versions.append(run()["model_version"])
    said = [line.partition(": ")[0] for line in capsys.readouterr().out.splitlines() if line.startswith("win-")]
    old, new = versions[0], versions[2]
    assert said == [
        f"{old} (smoothed) promoted",
        f"{old} (smoothed) stands unchanged",
        f"{new} (smoothed) promoted",
        f"{old} (smoothed) is known already, champion {new} stands",
    ]


def test_with_if_missing_a_champion_of_an_earlier_day_stands_and_one_of_a_later_day_does_not_count(
    features_schema: Fill, pipeline: Pipeline, registry: str
) -> None:
    features_schema(pipeline(30))
    version = run(as_of=date(2025, 6, 23))["model_version"]
    found = run(if_missing=True)
    assert found == {"model_version": version, "trained": False, "lead": {"model_version": None, "trained": False}}
    assert champion(date(2025, 6, 22)) is None
    assert champion(AS_OF) == version
    (models_home() / str(version)).rename(models_home() / "gone")
    assert run(if_missing=True, as_of=date(2025, 6, 23))["model_version"] == version
    assert (models_home() / str(version)).exists()


def test_a_champion_that_was_fed_other_features_gives_way_to_one_that_can_score(
    features_schema: Fill, pipeline: Pipeline, registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a field became a feature: the night goes on with a new model instead of failing where it scores."""
    features_schema(pipeline(35))
    old = run(if_missing=True)["model_version"]
    monkeypatch.setattr("ml.bundle.fed", lambda target: [*target.names, *HORIZON_COLUMNS, "tender_kind"])
    new = run(if_missing=True)["model_version"]
    assert new not in {old, None}
    assert (champion(AS_OF), load(str(new)).version) == (new, new)
    assert run(if_missing=True)["trained"] is False


def test_a_tenant_without_history_gets_smoothed_rates_and_is_told_so(
    features_schema: Fill, pipeline: Pipeline, registry: str
) -> None:
    features_schema(pipeline(3).head(0))
    run()
    ((_, tier, promoted, reason, _),) = stored()
    assert (tier, promoted) == ("smoothed", True)
    assert fetch_all("ml", "select training_from, training_to, training_rows from scores.models") == [(None, None, 0)]
    assert str(reason).startswith("0 won and 0 lost deals allow smoothed")


def test_the_registry_holds_the_champion_with_its_artefacts_under_its_alias(
    features_schema: Fill, pipeline: Pipeline, registry: str
) -> None:
    features_schema(pipeline(30))
    version = run()["model_version"]
    import mlflow

    from ml.tracking import ALIAS, registered_name

    held = mlflow.MlflowClient(registry, registry).get_model_version_by_alias(registered_name(), ALIAS)
    assert held.tags["model_version"] == version
    names = {item.path for item in mlflow.MlflowClient(registry, registry).list_artifacts(held.run_id, "model")}
    assert names == {"model/manifest.json", "model/tier.json"}


def test_a_registry_that_is_down_is_a_warning_and_the_model_scores_all_the_same(
    features_schema: Fill,
    pipeline: Pipeline,
    registry: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LANDFALL_MLFLOW_URI", "sqlite:////proc/nowhere/mlflow.db")
    settings.cache_clear()
    features_schema(pipeline(30))
    run()
    ((_, _, promoted, reason, run_id),) = stored()
    assert promoted is True
    assert run_id is None
    assert "MLflow could not be used" in str(reason)
    assert "warning: not in the registry" in capsys.readouterr().out
