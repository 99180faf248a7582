"""A tenant's units and option values become ours, field by field, as the stream's `filled_by` says.

In: a record by our names with the tenant's values. Out: the same record with ours. Amounts are scaled as decimals, so that no digit is lost
or made up; option values that the mapping does not list stay as they came.
"""

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any

from connectors.streams import FilledBy, Stream

_DECIMAL = re.compile(r"[+-]?[0-9]{1,40}([.][0-9]{1,40})?")
_EXACT = Context(prec=200)


class NotAmountError(Exception):
    """A value that is to be scaled is no decimal; names the field, never its content."""


def translated(stream: Stream, record: dict[str, Any]) -> dict[str, Any]:
    """The record with our values; itself where the mapping translates nothing. Raises NotAmountError."""
    if not stream.filled_by:
        return record
    return {name: value_of(stream, name, value) for name, value in record.items()}


def value_of(stream: Stream, name: str, value: Any) -> Any:
    """Our value of one field. Raises NotAmountError."""
    filled = stream.filled_by.get(name)
    return value if filled is None or value is None else _ours(filled, name, value)


def _ours(filled: FilledBy, name: str, value: Any) -> Any:
    if filled.scale is not None and value != "":
        if isinstance(value, bool) or not _DECIMAL.fullmatch(str(value)):
            raise NotAmountError(f"{name} is no decimal, so its unit cannot be converted")
        value = _money(_EXACT.multiply(Decimal(str(value)), filled.scale))
    return _renamed(filled.values, value) if filled.values else value


def _money(amount: Decimal) -> str:
    """As text, without zeros behind the second decimal."""
    whole, _, decimals = format(amount, "f").partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _renamed(values: Mapping[str, str], value: Any) -> Any:
    """An option value by our name; in a list each of them, in a link the name of what it links to."""
    if isinstance(value, list):
        return [_renamed(values, each) for each in value]
    if isinstance(value, dict):
        return {name: _renamed(values, each) for name, each in value.items()}
    return values.get(value, value) if isinstance(value, str) else value
