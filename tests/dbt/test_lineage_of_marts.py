"""The lineage of a real figure, from what dbt left of a build: to the fields of three CRMs' records, by way of the models that make it."""

from pathlib import Path
from typing import Any

import pytest

from warehouse.lineage import asked, graph
from warehouse.lineage_project import read_project


@pytest.mark.slow
def test_won_comes_from_the_amounts_and_stages_of_every_crm(marts: Any, state_of_marts: Path) -> None:
    project = read_project(state_of_marts)
    found = graph(project, asked(project, "fct_opportunity_period.won_gross_amount"))
    raw = {source for source in found["sources"] if "->" in source}
    assert {
        "landing.fxiaoke__opportunities.record->amount",
        "landing.fxiaoke__opportunities.record->sales_stage",
        "landing.files__opportunities.record->amount",
        "landing.salesforce__opportunities.record->Amount",
        "landing.salesforce__stage_changes.record->StageName",
    } <= raw
    assert not {source for source in raw if source.endswith(("name", "owner", "probability"))}
    assert ["int_deals_as_of.gross_amount", "int_deal_periods.amount"] in found["columns"]
    assert project.unread == {}
    assert {column.partition(".")[0] for column in found["untold"]} <= {
        "stg_landfall__settings", "int_review_periods", "int_calendar_day_versions", "int_period_versions",
    }  # fmt: skip
    assert "mart_metrics" in project.readers("fct_opportunity_period")
