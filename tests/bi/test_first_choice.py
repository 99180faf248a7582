"""A page's required filter comes with the first row that its reader sees, so that no chart waits for the filter's list."""

import json
from typing import Any

from bi.server.first_choice import with_first_chosen


def _filter(name: str, *, required: bool, value: list[str] | None = None) -> dict[str, Any]:
    return {
        "id": name, "targets": [{"datasetId": 7, "column": {"name": f"{name}_name"}}], "requiredFirst": required, "sortMetric": "depth",
        "defaultDataMask": {"extraFormData": {}, "filterState": {"value": value} if value else {}, "ownState": {}},
        "controlValues": {"defaultToFirstItem": required, "enableEmptyFilter": True},
    }  # fmt: skip


def _answer(*filters: dict[str, Any]) -> dict[str, Any]:
    return {"id": 1, "result": {"json_metadata": json.dumps({"native_filter_configuration": filters, "other": 1})}}


def _chosen(answer: dict[str, Any]) -> dict[str, Any]:
    metadata = json.loads(answer["result"]["json_metadata"])
    assert metadata["other"] == 1
    return {
        each["id"]: each["defaultDataMask"]["filterState"].get("value")
        for each in metadata["native_filter_configuration"]
    }


def test_a_required_filter_without_a_default_takes_the_first_row_and_waits_for_nothing() -> None:
    answer = _answer(
        _filter("node", required=True), _filter("channel", required=False), _filter("unit", required=True, value=["元"])
    )
    assert with_first_chosen(answer, lambda dataset, column, order: f"first of {dataset} {column} by {order}")
    assert _chosen(answer) == {"node": ["first of 7 node_name by depth"], "channel": None, "unit": ["元"]}
    node = json.loads(answer["result"]["json_metadata"])["native_filter_configuration"][0]
    assert node["defaultDataMask"]["extraFormData"] == {
        "filters": [{"col": "node_name", "op": "IN", "val": ["first of 7 node_name by depth"]}]
    }
    assert not node["requiredFirst"]
    assert not node["controlValues"]["defaultToFirstItem"]


def test_who_sees_no_row_gets_the_answer_as_it_was() -> None:
    answer = _answer(_filter("node", required=True))
    before = json.dumps(answer)
    assert not with_first_chosen(answer, lambda dataset, column, order: None)
    assert json.dumps(answer) == before
    assert not with_first_chosen({"result": {"id": 1}}, lambda dataset, column, order: "never")
