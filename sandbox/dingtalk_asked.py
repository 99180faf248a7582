"""What requests to DingTalk ask for, and its answers in pages."""

from collections.abc import Mapping
from typing import Any

import orjson

from sandbox.endpoints import Asked
from sandbox.errors import CrmError

BAD_ARGUMENT = 400002
LISTS = ("values", "resultList", "data_list")


def body_of(asked: Asked) -> Mapping[str, Any]:
    """What the body asks."""
    return asked.json or {}


def ids_in(asked: Asked) -> Mapping[str, Any]:
    """Ids in the body, the rest in the query string."""
    found = orjson.loads(asked.raw)
    return {**asked.request.query_params, "ids": found if isinstance(found, list) else []}


def size_of(given: Mapping[str, Any]) -> int:
    """The size of a page. Raises CrmError."""
    size = int(given.get("maxResults", 20))
    if not 0 < size <= 100:
        raise CrmError(BAD_ARGUMENT, "invalidParameter.maxResults")
    return size


def page_of(rows: list[dict[str, Any]], token: object, size: int) -> tuple[list[dict[str, Any]], str]:
    """The page behind a token and the token of the next one, empty at the end."""
    start = int(str(token or "NT_0").removeprefix("NT_"))
    behind = start + size
    return rows[start:behind], f"NT_{behind}" if behind < len(rows) else ""


def rows_in(result: Mapping[str, Any] | list[dict[str, Any]]) -> int:
    """How many records an answer holds."""
    return len(result) if isinstance(result, list) else next((len(result[name]) for name in LISTS if name in result), 0)
