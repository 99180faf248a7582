"""The metric layer: each metric has a definition, each definition a metric, and a query by MetricFlow equals the mart to the cent."""

from decimal import Decimal
from typing import Any

import pytest

from tests.dbt import worked
from tests.dbt.metric_layer import MetricLayer, Rows, manifest_of
from tests.dbt.tenant import as_tenant
from tests.dbt.test_metric_definitions import registered

SLICES = ("pipeline", "sales_process", "product_line", "lead_source", "channel")
# Not shown by mart_metrics where it leaves deals out, a sum of what there is here; told apart by unrated_open_count.
PARTIAL = "weighted_realised_gross_amount"
# What is asked of the cells of a mart: the metrics of its semantic model, by its key.
CELLS = {
    "node_periods": ("node_period", "mart_metrics", ("node_id", "slice_kind", "slice_value", "period_id")),
    "node_forecasts": ("node_forecast", "mart_period_forecast", ("node_id", "period_id", "measure")),
    "stage_cells": ("stage_cell", "mart_stage_conversion", ("node_id", "slice_kind", "slice_value", "stage_code")),
    "win_curve_weeks": ("win_curve_week", "mart_win_curve", ("node_id", "slice_kind", "slice_value", "age_week")),
    "forecast_errors": (
        "forecast_error",
        "mart_forecast_accuracy",
        ("node_id", "measured_level", "horizon", "period_id"),
    ),
    "open_deals": ("open_deal", "mart_open_opportunities", ("deal_id",)),
    "movements": ("movement", "mart_pipeline_movement", ("node_id", "period_id", "span_kind", "component")),
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What dbt writes of the metric layer."""
    return manifest_of(tmp_path_factory.mktemp("dbt").parent / "parsed")


@pytest.fixture(scope="module")
def layer(marts: Any, manifest: dict[str, Any]) -> MetricLayer:
    """The metrics of the worked example's build."""
    with as_tenant(worked.TENANT):
        return MetricLayer(manifest, worked.SCHEMA, lambda statement: list(marts(statement.replace("%", "%%"))))


def definition_of(metric: dict[str, Any]) -> str:
    return str(metric["config"]["meta"]["definition_id"])


def of_deals(manifest: dict[str, Any]) -> list[str]:
    """The metrics that are made of what deals add."""
    elsewhere = {measure["name"] for model in manifest["semantic_models"] for measure in model["measures"]
                 if model["name"] != "deal_periods"}  # fmt: skip
    return [metric["name"] for metric in manifest["metrics"] if metric["name"] not in elsewhere | {PARTIAL}]


def same(found: Any, shown: Any) -> bool:
    """Amounts and counts alike; ratios to the six digits that a mart keeps, days to its tenth."""
    if found is None or shown is None:
        return found is shown
    if isinstance(found, float):
        return abs(found - float(shown)) <= 0.05
    return abs(Decimal(found) - Decimal(shown)) <= Decimal("0.0000005")


@pytest.mark.slow
def test_every_metric_has_a_definition_and_is_called_as_it_is_and_every_definition_has_a_metric(
    manifest: dict[str, Any],
) -> None:
    known = registered()
    for metric in manifest["metrics"]:
        row = known[definition_of(metric)]
        assert metric["label"].startswith(row["name_zh"]), metric["name"]
        assert metric["description"].startswith(row["name_en"]), metric["name"]
    assert {definition_of(metric) for metric in manifest["metrics"]} == set(known)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SLICES)
def test_what_deals_add_equals_the_mart_in_every_slice(
    marts: Any, layer: MetricLayer, manifest: dict[str, Any], kind: str
) -> None:
    metrics = of_deals(manifest)
    found = layer.ask(metrics, [f"deal_period__{kind}", "deal_period__period_id"])
    shown = marts(
        f"select slice_value, period_id, {', '.join(metrics)} from {{marts}}.mart_metrics"
        " where node_id = 'D0' and slice_kind = %s order by 1, 2",
        kind,
    )
    alike(found, shown, 2)


@pytest.mark.slow
def test_what_deals_add_equals_the_mart_for_every_rep(marts: Any, layer: MetricLayer, manifest: dict[str, Any]) -> None:
    metrics = of_deals(manifest)
    found = layer.ask(metrics, ["deal_period__leaf_node_id", "deal_period__period_id"])
    shown = marts(
        f"select node_id, period_id, {', '.join(metrics)} from {{marts}}.mart_metrics"
        " where slice_kind = 'all' and (node_id, period_id) in"
        " (select leaf_node_id, period_id from {marts}.fct_opportunity_period) and node_level = 'rep' order by 1, 2"
    )
    alike([row for row in found if row[0] in {node for node, *_ in shown}], shown, 2)
    assert len(shown) > 10


@pytest.mark.slow
@pytest.mark.parametrize("model", CELLS)
def test_a_cell_equals_the_mart(marts: Any, layer: MetricLayer, manifest: dict[str, Any], model: str) -> None:
    entity, mart, key = CELLS[model]
    (described,) = [each for each in manifest["semantic_models"] if each["name"] == model]
    column = {each["name"]: each["expr"] or each["name"] for each in described["measures"] + described["dimensions"]}
    metrics = [each["name"] for each in described["measures"]]
    found = layer.ask(metrics, [f"{entity}__{part}" for part in key])
    shown = marts(
        f"select {', '.join(column[name] for name in (*key, *metrics))} from {{marts}}.{mart}"
        f" order by {', '.join(column[part] for part in key)}"
    )
    alike(found, shown, len(key))


def alike(found: Rows, shown: Rows, key: int) -> None:
    """The same rows, `key` columns first."""
    assert [row[:key] for row in found] == [row[:key] for row in shown]
    assert found
    wrong = [
        (mine, theirs)
        for mine, theirs in zip(found, shown, strict=True)
        if not all(map(same, mine[key:], theirs[key:]))
    ]
    assert wrong == []
