"""A page's text into records, one by one: a record that PostgreSQL could not hold is named and kept, it never fails the page.

In: the body of an answer or one record. Out: plain Python, with every number finite and every text encodable, or the reason why not.
orjson refuses NaN, infinities and lone surrogates outright; only then the slower decoder looks for the record at fault.
"""

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, overload

import msgspec
import orjson

from warehouse.steps import StepError

ESCAPE = b"\\"  # found faster than what it begins
NUL = rb"\u0000"  # in JSON text; what JSON can hold without it has no fault


class UndecodableError(Exception):
    """The text is not JSON at all: truncated, or a web page."""


class _NotFinite:
    """Stands where a number is that no decimal can hold."""


def _finite(text: str) -> float | _NotFinite:
    number = float(text)
    return number if math.isfinite(number) else _NotFinite()


class Rows(Sequence[Any]):
    """The records of an answer as they came, in JSON that has been looked through: each is decoded when it is looked at, and all at once by
    who knows what they should hold. Raises StepError for bytes that are no text."""

    def __init__(self, raw: Sequence[msgspec.Raw]) -> None:
        self._raw = raw

    def __len__(self) -> int:
        return len(self._raw)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        return list(self)[place] if isinstance(place, slice) else _looked_at(bytes(self._raw[place]))

    def __iter__(self) -> Iterator[Any]:
        return iter(_looked_at(self.text))

    @property
    def text(self) -> bytes:
        """All of them as one list in JSON."""
        return b"[" + b",".join(self._raw) + b"]"


def _looked_at(text: bytes) -> Any:
    try:
        return decode(text)
    except UndecodableError:
        raise StepError("a record came as bytes that are no UTF-8: rerun, then ask the vendor's support") from None


def decode(body: bytes) -> Any:
    """The value that `body` holds. Raises UndecodableError; values inside may still be unlandable, see `fault`."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body, parse_constant=lambda _: _NotFinite(), parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise UndecodableError(type(error).__name__) from None


def decode_exact(body: bytes) -> Any:
    """As `decode`, with every number that has a fraction as text, digit by digit as it was sent."""
    try:
        return json.loads(body, parse_constant=lambda _: _NotFinite(), parse_float=str)
    except (ValueError, RecursionError) as error:
        raise UndecodableError(type(error).__name__) from None


def fault(value: Any) -> str | None:
    """Why `value` cannot be landed, None when it can; names the field, never its content."""
    if isinstance(value, str):
        if "\x00" in value:
            return "a NUL character"
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            return "a lone surrogate"
    elif isinstance(value, _NotFinite):
        return "a number that is not finite"
    elif isinstance(value, dict):
        for name, inner in value.items():
            found = fault(name) or fault(inner)
            if found:
                return found if " in field " in found or fault(name) else f"{found} in field {name}"
    elif isinstance(value, list):
        return next((found for found in map(fault, value) if found), None)
    elif isinstance(value, int) and not -(2**63) <= value < 2**64:
        return "a number longer than 64 bits"
    return None


def raw_text(value: Any) -> bytes:
    """`value` as text for the quarantine, whatever it holds: surrogates and NUL stay as escapes."""
    return json.dumps(value, default=lambda _: "NaN").encode("ascii")
