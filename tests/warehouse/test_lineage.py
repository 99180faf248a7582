"""Where a column comes from, told from a project of four models written by hand."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from warehouse.lineage import asked, graph, told
from warehouse.lineage_project import Project, read_project
from warehouse.steps import StepError

SQL = {
    "stg_deals": """
        with records as (
            select record_id as deal_id, (record ->> 'amount')::numeric as amount, case when record ->> 'kind' = 'x' then 1 end as kind,
                known_at from "db"."landing"."deals" )
        select *, row_number() over (partition by deal_id order by known_at) as n from records""",
    "int_rates": "select * from \"db\".\"ops\".\"rates\"",
    "int_deals": """
        with __dbt__cte__int_inlined as (select max(amount) as most from "db"."staging"."stg_deals")
        select deals.deal_id, deals.amount * rates.rate as gross_amount, most.most, 'open' as state
        from "db"."staging"."stg_deals" as deals
        inner join "db"."intermediate"."int_rates" as rates on deals.kind = rates.kind
        cross join __dbt__cte__int_inlined as most""",
    "mart_total": """
        select deals.state, sum(deals.gross_amount) as gross_amount, max(deals.most) as most, count(*) as deals_count
        from "db"."marts"."int_deals" as deals group by deals.state""",
}  # fmt: skip
READS = {
    "stg_deals": ["source.p.landing.deals"],
    "int_rates": ["source.p.ops.rates"],
    "int_inlined": ["model.p.stg_deals"],
    "int_deals": ["model.p.stg_deals", "model.p.int_rates", "model.p.int_inlined"],
    "mart_total": ["model.p.int_deals"],
}
SCHEMA = {"stg": "staging", "int": "intermediate", "mart": "marts"}


def model(name: str) -> dict[str, Any]:
    schema = "marts" if name == "int_deals" else SCHEMA[name.split("_")[0]]
    kind = "ephemeral" if name == "int_inlined" else "table"
    return {"name": name, "unique_id": f"model.p.{name}", "resource_type": "model", "relation_name": f'"db"."{schema}"."{name}"',
            "schema": schema, "config": {"materialized": kind}, "depends_on": {"nodes": READS[name]}}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four models, one of them inlined, over raw deals and a table of rates whose columns nobody named."""
    sources = {f"source.p.{schema}.{name}": {"name": name, "schema": schema, "resource_type": "source"}
               for schema, name in (("landing", "deals"), ("ops", "rates"))}  # fmt: skip
    exposure = {"name": "page", "depends_on": {"nodes": ["model.p.mart_total"]}}
    manifest = {
        "nodes": {f"model.p.{name}": model(name) for name in READS},
        "sources": sources,
        "exposures": {"e": exposure},
    }
    (tmp_path / "marts").mkdir()
    (tmp_path / "marts" / "manifest.json").write_text(json.dumps(manifest))
    folder = tmp_path / "marts" / "compiled" / "p" / "models" / "any"
    folder.mkdir(parents=True)
    for name, sql in SQL.items():
        (folder / f"{name}.sql").write_text(sql)
    return read_project(tmp_path)


def test_a_figure_is_followed_through_joins_and_inlined_models_to_the_keys_of_the_raw_record(project: Project) -> None:
    found = graph(project, [("mart_total", "gross_amount")])
    assert ["int_deals.gross_amount", "mart_total.gross_amount"] in found["columns"]
    assert ["stg_deals.amount", "int_deals.gross_amount"] in found["columns"]
    assert "landing.deals.record->amount" in found["sources"]
    assert "landing.deals.record->kind" not in found["sources"], "what only joins is no part of the value"
    assert graph(project, [("mart_total", "most")])["sources"] == ["landing.deals.record->amount"]


def test_what_cannot_be_told_is_said(project: Project) -> None:
    assert project.inputs(("mart_total", "deals_count")) == ([], "made of rows or constants, of no column")
    assert project.inputs(("mart_total", "state"))[0] == [("int_deals", "state")]
    assert project.inputs(("int_deals", "state"))[1] == "made of rows or constants, of no column"
    untold = graph(project, [("mart_total", "gross_amount")])["untold"]
    assert untold == {"int_rates.rate": "int_rates has no column rate"}, (
        "select * of a source whose columns nobody named"
    )


def test_sql_that_cannot_be_read_is_said_and_stops_nothing(project: Project) -> None:
    project.sql["int_rates"] = "select from where ("
    assert "int_rates: its columns cannot be told" in "\n".join(told(project, asked(project, "int_rates")))
    assert "landing.deals.record->amount" in graph(project, [("mart_total", "gross_amount")])["sources"]


def test_models_name_what_they_read_and_who_reads_them(project: Project) -> None:
    lines = told(project, asked(project, "mart_total.gross_amount"))
    assert lines[:2] == ["mart_total reads int_deals", "mart_total is read by exposure page"]
    assert "      landing.deals.record->amount" in lines
    assert graph(project, [("mart_total", "most")])["models"] == [
        ["int_deals", "mart_total"],
        ["stg_deals", "int_deals"],
        ["int_rates", "int_deals"],
        ["int_inlined", "int_deals"],
        ["landing.deals", "stg_deals"],
    ]


def test_a_name_that_is_none_and_a_folder_without_a_night_are_told_with_the_next_action(
    project: Project, tmp_path: Path
) -> None:
    with pytest.raises(StepError, match=r"mart_total has no column won: choose one of state, gross_amount"):
        asked(project, "mart_total.won")
    with pytest.raises(StepError, match="there is no model mart_totals"):
        asked(project, "mart_totals")
    with pytest.raises(StepError, match="run `make nightly` once"):
        read_project(tmp_path / "nothing")


def test_what_is_kept_for_the_pages_is_left_alone_while_the_models_are_the_same(
    project: Project, tmp_path: Path
) -> None:
    keep = tmp_path / "lineage.json"
    command = [sys.executable, "-m", "warehouse.lineage", "--all", "--state", str(tmp_path), "--keep", str(keep)]
    subprocess.run(command, check=True)
    assert json.loads(keep.read_text("utf-8"))["digest"] == project.digest
    assert ["int_deals.gross_amount", "mart_total.gross_amount"] in json.loads(keep.read_text("utf-8"))["columns"]
    keep.write_text(json.dumps({"digest": project.digest, "columns": "as they were"}))
    subprocess.run(command, check=True)
    assert json.loads(keep.read_text("utf-8"))["columns"] == "as they were"
