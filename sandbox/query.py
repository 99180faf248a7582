"""Search requests of the CRM as SQL: filters, order, page.

In: the vendor's `search_query_info`. Out: records. A walk by `_id` inside a range of modification times, which is how a night reads, is
served from an index whether the range holds a hundred records or all of them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.errors import BAD_PAGE, BAD_PARAMETER, CrmError
from sandbox.objects import INSTANTS, LISTS, NUMBER, OBJECTS
from sandbox.schema import CURRENT_COLUMNS
from sandbox.store import Record, Store

LARGEST_OFFSET = 10_000
NARROW = 5_000  # rows up to which a range of modification times is sorted rather than walked by id
COLUMNS = {"_id": "id", "last_modified_time": "last_modified_time", "create_time": "create_time", "version": "version"}
COMPARISONS = {"EQ": "=", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<="}
READ = f"select {CURRENT_COLUMNS} from current"  # noqa: S608 - our own constant


@dataclass(frozen=True, slots=True)
class Search:
    """A checked search: SQL conditions with their values, order, page and projection (None: all fields)."""

    object: str
    conditions: list[str]
    values: list[Any]
    order: str
    limit: int
    offset: int
    fields: list[str] | None
    bounds: tuple[list[str], list[Any]]


def refuse(message: str) -> CrmError:
    """A refusal of a request that is not well formed."""
    return CrmError(BAD_PARAMETER, message)


def parse(object_name: str, info: Mapping[str, Any], most_rows: int) -> Search:
    """Check a search. Raises CrmError 32000 for names in the wrong case, unknown fields or operators, 10013 for a page out of reach."""
    unknown = set(info) - {"limit", "offset", "filters", "orders", "fieldProjection"}
    if unknown:
        raise refuse(f"search_query_info does not know {sorted(unknown)}")
    limit, offset = info.get("limit", 20), info.get("offset", 0)
    if not isinstance(limit, int) or not isinstance(offset, int) or limit < 1 or offset < 0:
        raise refuse("limit and offset are whole numbers, limit at least 1")
    if offset % limit or offset > LARGEST_OFFSET:
        raise CrmError(BAD_PAGE, f"offset {offset} is no multiple of limit {limit}, or beyond {LARGEST_OFFSET}")
    conditions: list[str] = []
    values: list[Any] = []
    bounds: tuple[list[str], list[Any]] = ([], [])
    for item in info.get("filters") or []:
        condition, given = _condition(object_name, item)
        conditions.append(condition)
        values.extend(given)
        if item["field_name"] == "last_modified_time":
            bounds[0].append(condition)
            bounds[1].extend(given)
    return Search(
        object_name,
        conditions,
        values,
        _order(object_name, info.get("orders") or []),
        min(limit, most_rows),
        offset,
        info.get("fieldProjection"),
        bounds,
    )


def find(store: Store, search: Search, *, has_bin: bool = False) -> list[Record]:
    """The records of one page, with those of a filled recycle bin where it is visible."""
    if has_bin:
        where = " and ".join(["object = ?", *search.conditions])
        both = f"(select {CURRENT_COLUMNS} from current union all select {CURRENT_COLUMNS} from bin)"  # noqa: S608
        asked = f"select * from {both} where {where} order by {search.order} limit ? offset ?"  # noqa: S608
        return records(store.connection.execute(asked, [search.object, *search.values, search.limit, search.offset]))
    index = "current_by_time" if search.bounds[0] and _is_narrow(store, search) else "current_by_id"
    where = " and ".join(["object = ?", *search.conditions])
    inner = f"select rowid from current indexed by {index} where {where} order by {search.order} limit ? offset ?"  # noqa: S608
    rows = store.connection.execute(
        f"{READ} where rowid in ({inner}) order by {search.order}",
        [search.object, *search.values, search.limit, search.offset],
    )
    return records(rows)


def records(rows: Iterable[tuple[Any, ...]]) -> list[Record]:
    """Rows of CURRENT_COLUMNS as records."""
    return [Record(row[0], row[1], orjson.loads(row[2]), *row[3:]) for row in rows]


def count(store: Store, search: Search) -> int:
    """How many records the search finds without its page."""
    where = " and ".join(["object = ?", *search.conditions])
    row = store.connection.execute(f"select count(*) from current where {where}", [search.object, *search.values])  # noqa: S608
    return int(row.fetchone()[0])


def _is_narrow(store: Store, search: Search) -> bool:
    where = " and ".join(["object = ?", *search.bounds[0]])
    probe = f"select count(*) from (select 1 from current indexed by current_by_time where {where} limit {NARROW + 1})"  # noqa: S608
    return int(store.connection.execute(probe, [search.object, *search.bounds[1]]).fetchone()[0]) <= NARROW


def _column(object_name: str, field: object) -> tuple[str, str]:
    kind = OBJECTS[object_name].get(field) if isinstance(field, str) else None
    if kind is None:
        raise refuse(f"{object_name} has no field {field!r}")
    extracted = f"json_extract(body, '$.{field}')"
    column = COLUMNS.get(str(field), extracted if field != "last_modified_by" else "json_array(last_modified_by)")
    return (f"cast({column} as real)" if kind == NUMBER else column), kind


def _order(object_name: str, orders: list[Mapping[str, Any]]) -> str:
    """SQL order; without one the newest change comes first, which no walk should rely on."""
    terms = []
    for order in orders:
        if set(order) != {"fieldName", "isAsc"}:
            raise refuse("an order is {fieldName, isAsc}")
        terms.append(f"{_column(object_name, order['fieldName'])[0]} {'asc' if order['isAsc'] else 'desc'}")
    return ", ".join(terms or ["last_modified_time desc"])


def _condition(object_name: str, item: Mapping[str, Any]) -> tuple[str, list[Any]]:
    if set(item) != {"field_name", "operator", "field_values"} or not isinstance(item["field_values"], list):
        raise refuse("a filter is {field_name, operator, field_values: [...]}")
    column, kind = _column(object_name, item["field_name"])
    operator, raw = item["operator"], item["field_values"]
    if operator in ("IS", "ISN"):
        return f"{column} is {'null' if operator == 'IS' else 'not null'}", []
    if not raw:
        raise refuse(f"{operator} needs field_values")
    values = [_typed(kind, value) for value in raw]
    if kind in LISTS:
        return _list_condition(column, operator, values)
    return _plain_condition(column, operator, values)


def _typed(kind: str, value: object) -> Any:
    try:
        if kind in INSTANTS:
            return int(str(value))
        return float(str(value)) if kind == NUMBER else (int(value) if isinstance(value, bool) else str(value))
    except ValueError as error:
        raise refuse(f"{value!r} is not a {kind}") from error


def _plain_condition(column: str, operator: object, values: list[Any]) -> tuple[str, list[Any]]:
    marks = ", ".join("?" * len(values))
    shapes: dict[str, Callable[[], tuple[str, list[Any]]]] = {
        "N": lambda: (f"{column} is not ?", values[:1]),
        "IN": lambda: (f"{column} in ({marks})", values),
        "NIN": lambda: (f"coalesce({column} not in ({marks}), 1)", values),
        "BETWEEN": lambda: (f"{column} between ? and ?", values[:2]),
        "LIKE": lambda: (f"{column} like ? escape '\\'", [f"%{_literal(values[0])}%"]),
        "STARTWITH": lambda: (f"{column} like ? escape '\\'", [f"{_literal(values[0])}%"]),
    }
    if operator in COMPARISONS:
        return f"{column} {COMPARISONS[str(operator)]} ?", values[:1]
    if operator not in shapes or (operator == "BETWEEN" and len(values) != 2):
        raise refuse(f"the operator {operator!r} is not known, or its field_values do not fit")
    return shapes[str(operator)]()


def _list_condition(column: str, operator: object, values: list[Any]) -> tuple[str, list[Any]]:
    """A list field holds any (EQ, IN) or none (N, NIN) of the values."""
    if operator not in ("EQ", "IN", "N", "NIN"):
        raise refuse(f"the operator {operator!r} does not fit a list")
    found = f"exists (select 1 from json_each({column}) where json_each.value in ({', '.join('?' * len(values))}))"  # noqa: S608
    return (found if operator in ("EQ", "IN") else f"not {found}"), values


def _literal(text: object) -> str:
    return re.sub(r"([\\%_])", r"\\\1", str(text))
