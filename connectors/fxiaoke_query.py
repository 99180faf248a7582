"""The parts of a Fxiaoke query: conditions, a walk's window in milliseconds, where a page goes on.

In: a stream and its walk, rows as they came. Out: filters of a search, the id behind which the next page begins.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from connectors.decoding import Rows, decode, fault
from connectors.reading import milliseconds
from connectors.streams import Stream
from warehouse.steps import StepError
from warehouse.walks import Walk


class _Data(msgspec.Struct, gc=False):
    records: list[msgspec.Raw] = msgspec.field(name="dataList")


class _Found(msgspec.Struct, gc=False):
    data: _Data
    code: Literal[0] = msgspec.field(name="errorCode")


class _Keyed(msgspec.Struct, gc=False):
    id: str = msgspec.field(name="_id")


_FOUND, _KEYED = msgspec.json.Decoder(_Found), msgspec.json.Decoder(list[_Keyed])


def found(body: bytes) -> Any:
    """The answer to a query, its records as they came where nothing is wrong with it; otherwise as `decode` does."""
    try:
        return {"errorCode": 0, "data": {"dataList": Rows(_FOUND.decode(body).data.records)}}
    except msgspec.DecodeError:
        return decode(body)


def prefix(object_name: str) -> str:
    """Where the object's endpoints are: custom objects have their own."""
    return "/cgi/crm/custom/v2" if object_name.endswith("__c") else "/cgi/crm/v2"


def searching(
    object_name: str, filters: list[dict[str, Any]], fields: list[str], limit: int, newest_by: str
) -> dict[str, Any]:
    """The body of a query, by ascending `_id` or the greatest of a field first. The names' case is the gateway's own."""
    search = {
        "limit": limit,
        "offset": 0,
        "filters": filters,
        "orders": [{"fieldName": newest_by or "_id", "isAsc": not newest_by}],
        "fieldProjection": fields,
    }
    return {"data": {"dataObjectApiName": object_name, "find_explicit_total_num": False, "search_query_info": search}}


def condition(field: str, operator: str, value: object) -> dict[str, Any]:
    """One filter of a search; all of them hold."""
    return {"field_name": field, "operator": operator, "field_values": [str(value)]}


def window(stream: Stream, walk: Walk) -> list[dict[str, Any]]:
    """The filters that hold a query within the walk's window."""
    start = milliseconds(walk.window_from) if walk.window_from else 0
    return [
        condition(_dated_by(stream), "GTE", start),
        condition(_dated_by(stream), "LT", milliseconds(walk.window_to)),
    ]


def later(stream: Stream, walk: Walk) -> dict[str, Any]:
    """The filter for what changed after the walk's window."""
    return condition(_dated_by(stream), "GTE", milliseconds(walk.window_to))


def _dated_by(stream: Stream) -> str:
    return stream.theirs(stream.changed.field if stream.changed else "last_modified_time")


def behind(rows: Sequence[Any], last_id: str | None, object_name: str, *, must_move: bool) -> str | None:
    """The greatest id so far. Raises StepError when a full page did not go on behind `last_id`."""
    newest = max((key for key in _ids(rows) if isinstance(key, str) and fault(key) is None), default=None)
    if must_move and (newest is None or (last_id is not None and newest <= last_id)):
        raise StepError(
            f"Fxiaoke repeats a page of {object_name} instead of going on behind the last id: ask its support, then rerun"
        )
    return newest or last_id


def _ids(rows: Sequence[Any]) -> list[Any]:
    try:
        if isinstance(rows, Rows):
            return [row.id for row in _KEYED.decode(rows.text)]
    except msgspec.DecodeError:
        pass
    return [row.get("_id") for row in rows if isinstance(row, dict)]
