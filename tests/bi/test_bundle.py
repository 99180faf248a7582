"""What Superset is given: complete, with stable ids, and every number traceable to its definition."""

import json
import re
from typing import Any

import pytest
import yaml

from bi.book import Chart, book, definitions
from bi.bundle import Columns, bundle, caption, definitions_of, query, uid
from config.settings import ROOT

NODE = {"node_id": "TEXT", "node_name": "TEXT"}
CHARTS = [(f"{page_id}.{name}", chart) for page_id, page in book().pages.items() for name, chart in page.charts.items()]


def columns() -> Columns:
    """Two columns for each dataset: what they are called is PostgreSQL's to say, and read from it when pages are loaded."""
    return {name: dict(NODE) for name in book().datasets}


@pytest.fixture(scope="module", params=["zh", "en"])
def files(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The bundle's files, read again."""
    return {path: json.loads(text) for path, text in bundle(book(), columns(), request.param)["files"].items()}


def test_the_same_descriptions_give_the_same_files_and_ids_that_never_change() -> None:
    assert bundle(book(), columns(), "zh") == bundle(book(), columns(), "zh")
    assert uid("dashboard", "p1") == "3b2cad2a-b0b7-5bdc-9f59-75c594f790c4"


def test_ids_do_not_depend_on_the_language() -> None:
    found = [
        {json.loads(text).get("uuid") for text in bundle(book(), columns(), lang)["files"].values()}
        for lang in ("zh", "en")
    ]
    assert found[0] == found[1]


def test_charts_of_a_page_stand_in_it_and_read_a_dataset_that_is_there(files: dict[str, Any]) -> None:
    datasets = {content["uuid"] for path, content in files.items() if path.startswith("datasets/")}
    charts = {content["uuid"]: content for path, content in files.items() if path.startswith("charts/")}
    placed = {
        child["meta"]["uuid"]
        for path, content in files.items() if path.startswith("dashboards/")
        for child in content["position"].values() if isinstance(child, dict) and child["type"] == "CHART"
    }  # fmt: skip
    assert placed == set(charts)
    assert {chart["dataset_uuid"] for chart in charts.values()} <= datasets


def test_what_is_on_a_second_tab_hangs_below_the_tab(files: dict[str, Any]) -> None:
    """Superset asks for the charts of a tab when it is opened: the first paint waits for those of the first alone."""
    grid = files["dashboards/p1.yaml"]["position"]
    assert grid["ROOT_ID"]["children"] == ["TABS"]
    assert grid["TABS"]["children"] == ["TAB-1", "TAB-2"]
    assert "TAB-1" in grid["CHART-burn_up"]["parents"]
    assert "TAB-2" in grid["CHART-voices"]["parents"]
    for child in grid.values():
        for below in child.get("children", []) if isinstance(child, dict) else []:
            assert grid[below]["parents"] == [*child.get("parents", []), child["id"]], below


def test_the_unit_is_sent_to_charts_with_money_alone(files: dict[str, Any]) -> None:
    """Superset answered the line about the figures anew each time, since the one filter that reached it came to nothing."""
    page = files["dashboards/p1.yaml"]
    (unit,) = (each for each in page["metadata"]["native_filter_configuration"] if each["id"] == "NATIVE_FILTER-unit")
    number = {name: page["position"][f"CHART-{name}"]["meta"]["chartId"] for name in ("header", "numbers", "deals")}
    assert unit["scope"]["excluded"] == [number["header"]]


def test_large_numbers_are_found_by_their_chart_on_the_page(files: dict[str, Any]) -> None:
    page = files["dashboards/p1.yaml"]
    assert files["charts/p1_numbers.yaml"]["params"]["query_mode"] == "aggregate"
    assert (
        f'[data-test-chart-name="{files["charts/p1_numbers.yaml"]["slice_name"]}"] td {{ font-size: 30px' in page["css"]
    )


def test_rows_are_as_wide_as_the_grid_and_phones_have_one_chart_a_row() -> None:
    for page_id, page in book().pages.items():
        rows = page.rows + [row for tab in page.tabs for row in tab.rows]
        assert {sum(place.width for place in row) for row in rows} == {12}, page_id
        assert {place.width for place in page.phone} <= {12}, page_id


@pytest.mark.parametrize(("name", "chart"), CHARTS)
def test_every_number_names_a_definition_that_exists_or_says_that_it_is_none(name: str, chart: Chart) -> None:
    metrics = book().datasets[chart.dataset].metrics
    for metric in chart.given.get("metrics", []):
        assert metrics[metric].definition or metrics[metric].unit != "money", (
            f"{name}: {metric} is money without a definition"
        )
    assert set(definitions_of(book(), chart)) <= set(definitions())
    assert all(definition in caption(book(), chart, "zh") for definition in definitions_of(book(), chart))


def test_datasets_read_published_marts_and_nothing_else() -> None:
    for name, dataset in book().datasets.items():
        text = query(book(), dataset, "zh") or f"published.{dataset.mart}"
        read = set(re.findall(r"\b(?:from|join)\s+(\w+\.\w+)", text)) | set(re.findall(r"published\.(\w+)", text))
        assert {each for each in read if "." in each} <= {f"published.{mart}" for mart in dataset.marts}, name
        assert {each for each in read if "." not in each} == set(dataset.marts or [str(dataset.mart)]), name
        assert "{" not in text, f"{name} has a word that is not in words.yml"


def test_the_same_figure_has_the_same_sum_wherever_it_is_shown() -> None:
    """One definition of one column means one expression: what P1 shows is what P3 shows."""
    for names in ({"forecast", "league"}, {"deals", "todo"}):
        found = [book().datasets[name].metrics for name in names]
        for metric in found[0].keys() & found[1].keys() - {"deals"}:
            assert found[0][metric] == found[1][metric]


def test_a_series_is_one_colour_on_every_page(files: dict[str, Any]) -> None:
    colours = [content["metadata"]["label_colors"] for path, content in files.items() if path.startswith("dashboards/")]
    assert len(colours) >= 7
    assert all(each == colours[0] for each in colours)


def test_every_dataset_has_a_rule_and_a_query_of_open_marts_alone_is_open_to_accounts_only() -> None:
    rules = bundle(book(), columns(), "zh")["rules"]
    assert set(rules) == {uid("dataset", name) for name in book().datasets}
    for name, dataset in book().datasets.items():
        rule = rules[uid("dataset", name)]
        assert rule.count("{{ current_username() }}") == (1 if rule.startswith("(select exists") else 2)
        read = set(dataset.marts or [str(dataset.mart)])
        assert rule.startswith("(select exists") == (read <= {"mart_build", "metric_definition", "rpt_freshness"}), name


def test_exposures_name_the_marts_that_each_page_reads() -> None:
    told = yaml.safe_load((ROOT / "dbt_project/models/marts/_marts_pages.yml").read_text("utf-8"))["exposures"]
    exposed = {each["name"].split("_")[1]: set(re.findall(r"ref\('(\w+)'\)", str(each["depends_on"]))) for each in told}
    for page_id, page in book().pages.items():
        names = {chart.dataset for chart in page.charts.values()} | {
            book().filters[name].dataset for name in page.filters
        }
        datasets = [book().datasets[name] for name in names]
        assert {mart for each in datasets for mart in each.marts or [each.mart or ""]} == exposed[page_id], page_id


def test_no_chance_is_set_beside_one_of_another_period() -> None:
    """In a period's first week P1's swings took last Friday's chance, which was for the old period's end, from today's."""
    reading = {
        name: query(book(), each, "zh") or ""
        for name, each in book().datasets.items()
        if "mart_chance_history" in each.marts
    }
    assert set(reading) == {"swings", "chances"}
    for name, text in reading.items():
        assert "day >= (select period_starts_on from published.mart_build)" in text, name


@pytest.mark.parametrize(
    ("name", "key", "shown"),
    [
        ("p1_top_deals", "opportunity_id", "opportunity_name"),
        ("p1_swings", "swing_id", "swing_name"),
        ("p1_swings_short", "swing_id", "swing_name"),
        ("p3_top", "opportunity_id", "opportunity_name"),
    ],
)
def test_a_list_of_so_many_deals_has_a_row_for_each(files: dict[str, Any], name: str, key: str, shown: str) -> None:
    """They were grouped by customer: two deals were one row with both amounts, and swings of opposite signs cancelled."""
    given = files[f"charts/{name}.yaml"]["params"]
    assert given["groupby"][:2] == [key, shown]
    assert given["column_config"][key] == {"visible": False}


@pytest.mark.parametrize(("name", "rows"), [("p1_deals", 15), ("p3_list", 20)])
def test_a_list_of_all_deals_comes_page_by_page_and_is_cut_nowhere(files: dict[str, Any], name: str, rows: int) -> None:
    """A company of 100,000 opportunities has 9,000 open ones: each page brought the first 1,000, and ended there."""
    given = files[f"charts/{name}.yaml"]["params"]
    assert (given["server_pagination"], given["server_page_length"], given["row_limit"]) == (True, rows, 50_000)


def test_what_is_told_for_several_frozen_days_is_shown_for_one(files: dict[str, Any]) -> None:
    """With no day chosen the reliability diagram added five: a deal counted up to five times."""
    told = {each["id"]: each for each in files["dashboards/p5.yaml"]["metadata"]["native_filter_configuration"]}
    horizon = told["NATIVE_FILTER-horizon"]
    assert not horizon["controlValues"]["multiSelect"]
    (chosen,) = horizon["defaultDataMask"]["filterState"]["value"]
    lang = "zh" if chosen == "①第1天" else "en"
    for name in ("reliability", "accuracy"):
        assert f"'{chosen}'" in (query(book(), book().datasets[name], lang) or "")


def test_no_sum_is_offered_over_a_row_for_every_node() -> None:
    """A chart of one's own over past periods once summed company, regions, teams and people: each deal four times."""
    for name, dataset in book().datasets.items():
        assert dataset.mart not in ("mart_metrics", "mart_metrics_as_was") or not dataset.metrics, name


def test_a_deal_whose_owner_is_no_node_counts_at_the_top_on_every_page() -> None:
    """P2's moves between stages lacked those of people who had left, while its heat had their deals."""
    for name, dataset in book().datasets.items():
        assert not re.search(r"above\.node_id = \w+\.owner_id", dataset.sql or ""), f"{name}: use {{placed}}"


@pytest.mark.parametrize("name", ["todo", "chances", "factors", "pace", "contacts"])
def test_whoever_narrows_the_list_of_deals_narrows_what_stands_beside_it(name: str) -> None:
    """P3's number of overdue deals was of every region while the three numbers beside it were of the one that was chosen."""
    (columns,) = re.findall(
        r"select ((?:h\.\*|above\.ancestor_id).*?) from published", query(book(), book().datasets[name], "zh") or ""
    )
    chosen = {"region_name", "owner_name", "stage_name"}
    if name == "todo":
        chosen |= {"product_line_name", "channel", "pipeline", "period_id"}
    assert chosen <= set(re.findall(r"(?:\.|as )(\w+)(?:,|$)", columns))


def test_a_bridge_without_a_target_is_not_drawn() -> None:
    """Its last bar is called the target: without one it was the sum of three steps under that name."""
    assert "where steps.target is not null" in (query(book(), book().datasets["bridge"], "zh") or "")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_word_with_an_apostrophe_stays_one_word_of_a_query(lang: str) -> None:
    """The label of a team's sum ended its string, and PostgreSQL refused the pages of every installation in English."""
    for name, dataset in book().datasets.items():
        assert (query(book(), dataset, lang) or "").count("'") % 2 == 0, name
    assert lang == "zh" or "team''s sum" in (query(book(), book().datasets["voices"], lang) or "")
