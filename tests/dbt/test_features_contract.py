"""The features that SQL makes and the features that the models eat are one list."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.contract import Feature
from ml.features import FEATURES
from ml.lead_features import LEAD_FEATURES
from ml.leads import LADDER

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"
KINDS = {"text": {"text"}, "number": {"integer", "double precision", "numeric(18, 2)"}, "boolean": {"boolean"}}
NOT_FEATURES = [
    "opportunity_id", "lead_id", "as_of_date", "revision", "owner_id", "account_id", "period_id",
    "features_hash", "latest_event_at", "latest_known_at", "cutoff_at",
]  # fmt: skip


def columns_of(model: str) -> list[dict[str, Any]]:
    """The columns that the dbt contract of a features model names, in order."""
    listings = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (MODELS / "features").glob("_*.yml")]
    (found,) = [entry for listing in listings for entry in listing["models"] if entry["name"] == model]
    return list(found["columns"])


CONTRACTS = pytest.mark.parametrize(
    ("model", "features"),
    [("opportunity_features", FEATURES), ("lead_features", LEAD_FEATURES)],
    ids=["deals", "leads"],
)


@CONTRACTS
def test_the_dbt_contract_and_the_models_contract_name_the_same_columns_in_the_same_order(
    model: str, features: tuple[Feature, ...]
) -> None:
    made = [column["name"] for column in columns_of(model) if column["name"] not in NOT_FEATURES]
    assert made == [feature.name for feature in features]


@CONTRACTS
def test_every_column_has_the_type_that_its_feature_expects(model: str, features: tuple[Feature, ...]) -> None:
    types = {column["name"]: column["data_type"] for column in columns_of(model)}
    assert {feature.name for feature in features if types[feature.name] not in KINDS[feature.kind]} == set()


def test_leads_have_rows_at_the_ages_that_train() -> None:
    said = yaml.safe_load((MODELS.parent / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["lead_ages"]
    assert tuple(said) == LADDER


def test_every_model_is_described_and_every_table_that_dbt_writes_has_a_key_test() -> None:
    for listing in MODELS.glob("*/_*.yml"):
        for model in yaml.safe_load(listing.read_text(encoding="utf-8")).get("models", []):
            assert model["description"].strip(), f"{model['name']} has no description"
            views_of_other_writers = (
                model["name"].startswith("stg_landfall__") and model["name"] != "stg_landfall__settings"
            )
            keyed = any("key_of" in test for test in model.get("data_tests", []))
            assert keyed or views_of_other_writers or model["name"] == "int_previous_build", (
                f"{model['name']} has no key test"
            )


def test_every_model_file_is_described() -> None:
    described = {
        model["name"]
        for listing in MODELS.glob("*/_*.yml")
        for model in yaml.safe_load(listing.read_text(encoding="utf-8")).get("models", [])
    }
    assert {path.stem for path in MODELS.glob("*/*.sql")} == described
