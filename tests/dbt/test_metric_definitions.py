"""Every figure on a page has one definition, and every definition a figure."""

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dbt import worked
from tests.dbt.tenant import as_tenant
from warehouse.explanation import DEFINITIONS, explain

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
# Marts in which each number is a figure; in others those named as amounts or rates are.
ALL_NUMBERS = ("mart_metrics", "mart_metrics_as_was", "fct_opportunity_period")
FIGURES = ("mart_stage_conversion", "mart_stage_rate_calibration", "mart_forecast_accuracy", "mart_pipeline_movement")
# What was added up on the way to a figure, and a proposal, which is none yet.
NOT_FIGURES = {
    "forecast_gross_amount",
    "actual_gross_amount",
    "absolute_error_gross_amount",
    "proposed_set_rate",
}


def registered() -> dict[str, dict[str, str]]:
    """Definition id → its row."""
    with (PROJECT / "seeds" / "metric_definitions.csv").open(encoding="utf-8") as lines:
        return {row["definition_id"]: row for row in csv.DictReader(lines)}


def carried() -> dict[tuple[str, str], str]:
    """(mart, column) → definition id, from the descriptions of the marts."""
    found: dict[tuple[str, str], str] = {}
    for listing in (PROJECT / "models" / "marts").glob("_*.yml"):
        for model in yaml.safe_load(listing.read_text(encoding="utf-8"))["models"]:
            for column in model.get("columns", []):
                meta: dict[str, Any] = column.get("config", {}).get("meta", {})
                if "definition" in meta:
                    found[model["name"], column["name"]] = meta["definition"]
    return found


def test_columns_name_definitions_that_exist_and_every_definition_is_used() -> None:
    assert set(carried().values()) == set(registered())


def test_the_reference_lists_every_definition_with_its_formula() -> None:
    text = (PROJECT.parent / "docs" / "reference.md").read_text(encoding="utf-8").split("\n## Metrics\n", 1)[1]
    lines = [line for line in text.split("\n## ", 1)[0].splitlines() if line.startswith("| `")]
    assert lines == [
        f"| `{key}` | {row['name_zh']} | {row['name_en']} | {row['formula'].replace('|', chr(92) + '|')} |"
        for key, row in registered().items()
    ]


def test_every_definition_has_formula_owner_bases_version_and_both_names() -> None:
    for definition_id, row in registered().items():
        assert all(row.values()), definition_id
        assert not row["name_zh"].isascii(), f"{definition_id} has no Chinese name"


def test_a_figure_is_called_the_same_where_it_is_explained() -> None:
    for definition in DEFINITIONS.values():
        row = registered()[definition.metric_id]
        assert (row["name_zh"], row["name_en"]) == (definition.zh, definition.en)


@pytest.mark.slow
def test_every_figure_of_a_mart_carries_its_definition(marts) -> None:  # type: ignore[no-untyped-def]
    columns = marts(
        "select table_name, column_name from information_schema.columns where table_schema = %s and"
        " (table_name = any(%s) and data_type in ('numeric', 'integer')"
        " or table_name = any(%s) and (column_name like '%%gross_amount' or column_name like '%%\\_rate'))",
        worked.SCHEMA,
        list(ALL_NUMBERS),
        list(FIGURES),
    )
    known = carried()
    assert {column for column in columns if column not in known and column[1] not in NOT_FIGURES} == set()


@pytest.mark.slow
def test_the_build_publishes_the_definitions(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts("select definition_id, name_zh, version from {marts}.metric_definition")
    assert {row[0]: row[1] for row in rows} == {key: row["name_zh"] for key, row in registered().items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "column"),
    [
        ("open_pipeline", "open_gross_amount"),
        ("weighted_pipeline", "weighted_set_gross_amount"),
        ("forecast", "expected_gross_amount"),
    ],
)
def test_the_same_metric_in_two_places_is_equal(marts, metric: str, column: str) -> None:  # type: ignore[no-untyped-def]
    ((shown,),) = marts(
        f"select {column} from {{marts}}.mart_metrics where node_id = 'D10' and period_id = '2026Q2' and slice_kind = 'all'"
    )
    with as_tenant(worked.TENANT):
        assert explain(metric, "D10", "2026Q2", worked.DAY).value == shown
