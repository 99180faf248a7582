"""A required filter's first value, chosen before a page asks for its list: else every chart waits for that answer.

In: what Superset answers about a dashboard. Out: the same, with the first row that the person may see as the default of each filter that
takes the first and has no default.
"""

import json
import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)
Chosen = Callable[[int, str, str | None], str | None]  # of a dataset, a column and the metric that orders it


def with_first_chosen(answer: dict[str, Any], first_of: Chosen) -> bool:
    """Set the defaults in `answer`; whether there were any to set."""
    told = answer.get("result", {}).get("json_metadata")
    if not told:
        return False
    metadata, is_changed = json.loads(told), False
    for each in metadata.get("native_filter_configuration", []):
        if not each.get("requiredFirst") or each["defaultDataMask"].get("filterState", {}).get("value"):
            continue
        target = each["targets"][0]
        value = first_of(target["datasetId"], target["column"]["name"], each.get("sortMetric"))
        if value is None:
            continue
        said = {"col": target["column"]["name"], "op": "IN", "val": [value]}
        each["defaultDataMask"] |= {"extraFormData": {"filters": [said]}, "filterState": {"value": [value]}}
        each["requiredFirst"] = each["controlValues"]["defaultToFirstItem"] = False  # nothing is left to wait for
        is_changed = True
    if is_changed:
        answer["result"]["json_metadata"] = json.dumps(metadata)
    return is_changed


def prepare(app: Any) -> None:
    """Have every answer about a dashboard choose."""
    from flask import request

    @app.after_request  # type: ignore[untyped-decorator] # Flask has no types here
    def choose(answer: Any) -> Any:
        """Only where the person may see the dashboard."""
        if request.endpoint == "DashboardRestApi.get" and answer.status_code == 200:
            told = answer.get_json()
            if with_first_chosen(told, _first_row):
                answer.set_data(json.dumps(told))
        return answer


def _first_row(dataset: int, column: str, order: str | None) -> str | None:
    """As the filter itself asks, under the same rules."""
    from superset import db
    from superset.connectors.sqla.models import SqlaTable

    table = db.session.query(SqlaTable).filter_by(id=dataset).one_or_none()
    if table is None:
        return None
    asked = {
        "columns": [column], "metrics": [order] if order else [], "orderby": [(order or column, True)], "groupby": [], "filter": [],
        "row_limit": 1, "row_offset": 0, "extras": {}, "granularity": None, "is_timeseries": False, "from_dttm": None, "to_dttm": None,
    }  # fmt: skip
    found = table.query(asked)
    if found.error_message:  # the charts wait for the filter's own list then, which says what is wrong
        log.warning("no first value of %s in dataset %s: %s", column, dataset, found.errors or found.status)
    return None if found.df.empty else str(found.df[column].iloc[0])
