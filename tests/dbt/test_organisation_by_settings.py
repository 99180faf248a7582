"""A team that the settings door moves is under its new region from the day the decision is seen, and earlier days keep the old one."""

from datetime import date

import pytest
from openpyxl import load_workbook

from warehouse.setting_rows import Decision
from warehouse.settings import apply, export

pytestmark = pytest.mark.slow

PARENTS = """
    select node_id, parent_node_id, node_level from intermediate.int_org_nodes
    where as_of_date = %s and node_id in ('D101', 'D12', '1001') order by node_id
"""


@pytest.fixture(scope="module")
def moved(land, deal, build, tmp_path_factory):  # type: ignore[no-untyped-def]
    """Company D0, regions D10 and D11, team D101 with rep 1001; on 12 May the team goes to D12, a region that the CRM does not know."""
    for node, kind, parent in [
        ("D0", "company", None),
        ("D10", "region", "D0"),
        ("D11", "region", "D0"),
        ("D101", "team", "D10"),
    ]:
        record = {"name": node, "dept_kind__c": kind, "parent_id": [parent] if parent else []}
        land("fxiaoke__departments", node, "2025-01-01", record)
    person = {"user_id": "1001", "full_name": "王芳", "main_department": ["D101"], "status": "0"}
    land("fxiaoke__people", "P1", "2025-01-01", person)
    land("fxiaoke__opportunities", "OPEN", "2026-05-01 09:00", deal("eq_need", "2026-05-01 09:00"))
    build("features", "2026-05-11")
    day, path = date(2026, 5, 12), tmp_path_factory.mktemp("book") / "org.xlsx"
    export(path, day, day)
    book = load_workbook(path)
    book["org_node"].append(["D12", "D0", "region", "华中"])
    book["org_node"].append(["D101", "D12", "team", "一队"])
    book.save(path)
    apply(path, Decision(day, date(2026, 5, 1), "lin", "the region was founded"), bool)
    build("features", "2026-05-13", feature_from="2026-05-12", forecast_from="2026-05-12")


def test_the_move_counts_from_the_first_day_that_sees_the_decision(moved, query):  # type: ignore[no-untyped-def]
    assert query(PARENTS, "2026-05-12") == [("1001", "D101", "rep"), ("D101", "D10", "team")]
    assert query(PARENTS, "2026-05-13") == [("1001", "D101", "rep"), ("D101", "D12", "team"), ("D12", "D0", "region")]


def test_its_open_deals_count_for_the_new_region(moved, query):  # type: ignore[no-untyped-def]
    nodes = (
        "select node_id from features.opportunity_nodes where as_of_date = %s and opportunity_id = 'OPEN' order by 1"
    )
    assert query(nodes, "2026-05-12") == [("1001",), ("D0",), ("D10",), ("D101",)]
    assert query(nodes, "2026-05-13") == [("1001",), ("D0",), ("D101",), ("D12",)]
