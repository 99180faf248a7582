"""The lineage that P8 links to: everything above a figure, from left to right, and nothing twice."""

from pathlib import Path
from typing import Any

from bi.server.lineage import BOX_WIDTH, columns, draw, models, read

KEPT: dict[str, Any] = {
    "columns": [
        ["stg_crm__deals.amount", "mart_money.open"],
        ["stg_crm__rates.rate", "mart_money.open"],
        ["landing.crm__deals.record", "stg_crm__deals.amount"],
        ["landing.crm__deals.record", "mart_money.open"],
    ],
    "sources": ["landing.crm__deals.record"],
    "untold": {"stg_crm__rates.rate": "value is not told apart"},
    "models": [
        ["stg_crm__deals", "mart_money"], ["stg_crm__rates", "mart_money"], ["landing.crm__deals", "stg_crm__deals"],
    ],
}  # fmt: skip


def test_a_column_is_drawn_with_all_that_it_is_made_of_each_left_of_its_reader() -> None:
    drawn = draw(KEPT, "mart_money.open")
    across = {box.name: box.x for box in drawn.boxes}
    assert set(across) == {column for edge in KEPT["columns"] for column in edge}
    assert all(across[left] + BOX_WIDTH < across[right] for left, right in KEPT["columns"])
    assert len(drawn.lines) == len(KEPT["columns"])
    assert len({(box.x, box.y) for box in drawn.boxes}) == len(drawn.boxes)
    assert drawn.doubts == KEPT["untold"]


def test_boxes_lead_on_to_models_and_columns_and_end_at_the_raw_records() -> None:
    links = {box.name: box.link for box in draw(KEPT, "mart_money.open").boxes}
    assert links["stg_crm__deals.amount"] == "/lineage/stg_crm__deals/amount"
    assert links["landing.crm__deals.record"] is None
    links = {box.name: box.link for box in draw(KEPT, "mart_money").boxes}
    assert links == {
        "mart_money": "/lineage/mart_money",
        "stg_crm__deals": "/lineage/stg_crm__deals",
        "stg_crm__rates": "/lineage/stg_crm__rates",
        "landing.crm__deals": None,
    }


def test_models_are_listed_marts_first_and_columns_of_one_model_alone() -> None:
    assert models(KEPT) == ["mart_money", "stg_crm__deals", "stg_crm__rates"]
    assert columns(KEPT, "stg_crm__rates") == ["rate"]
    assert columns(KEPT, "stg_crm") == []


def test_nothing_is_known_before_the_lineage_was_kept(tmp_path: Path) -> None:
    assert read(tmp_path / "lineage.json") is None
