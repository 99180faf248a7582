"""The columns that dbt promises for `features.opportunity_features`, read from its contract so that the gate holds no second list."""

import yaml

from config.settings import ROOT

CONTRACT = ROOT / "dbt_project" / "models" / "features" / "_features.yml"


def promised_columns(model: str) -> dict[str, str]:
    """Column name → PostgreSQL type without its length, in the contract's order. Raises KeyError when the model has no columns."""
    models = yaml.safe_load(CONTRACT.read_text("utf-8"))["models"]
    columns = next(entry for entry in models if entry["name"] == model)["columns"]
    return {column["name"]: column["data_type"].split("(")[0] for column in columns}
