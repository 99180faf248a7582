"""Faults that a test asks for: which request of which kind goes wrong, and how.

A rule counts the requests it matches from 1 and strikes at `request_index` (one number or several), at each multiple of `every`, or always.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BEFORE = {"timeout", "html_200", "token_expired"}  # nothing happens in the system; so does any http_<status>
AFTER = {"truncated", "empty", "reply_lost", "repeated"}  # the system does what it was asked, the answer suffers


@dataclass(slots=True)
class Rule:
    """One fault. `kind` is one of BEFORE, AFTER, `http_<status>`, or a vendor's error code: a number, or `code:<text>`."""

    kind: str
    object: str | None
    endpoint: str | None
    request_index: tuple[int, ...]
    every: int
    seconds: float
    matched: int = 0

    @property
    def is_early(self) -> bool:
        """Whether the request never reaches the system."""
        return self.kind in BEFORE or self.kind.startswith("http_")

    @property
    def code(self) -> str:
        """The vendor's error code to answer with, "" when the fault is another."""
        return self.kind.removeprefix("code:") if _is_code(self.kind) else ""

    def strikes(self, endpoint: str, object_name: str) -> bool:
        """Count a request if it matches; whether it goes wrong."""
        if self.object not in (None, object_name) or self.endpoint not in (None, endpoint):
            return False
        self.matched += 1
        if self.request_index:
            return self.matched in self.request_index
        return self.every == 0 or self.matched % self.every == 0


def _is_code(kind: str) -> bool:
    return kind.lstrip("-").isdigit() or kind.startswith("code:")


def rule(given: Mapping[str, Any]) -> Rule:
    """A rule from its JSON form {kind, object?, endpoint?, request_index?, every?, seconds?}.

    Raises ValueError for what it does not know.
    """
    unknown = set(given) - {"kind", "object", "endpoint", "request_index", "every", "seconds"}
    kind = str(given.get("kind", ""))
    is_status = kind.startswith("http_") and kind.removeprefix("http_").isdigit()
    if unknown or not (kind in BEFORE | AFTER or is_status or _is_code(kind)):
        known = ", ".join(sorted(BEFORE | AFTER))
        raise ValueError(f"a fault is {{kind: {known}, http_<status> or an error code, ...}}; got {dict(given)}")
    index = given.get("request_index", ())
    return Rule(
        kind,
        given.get("object"),
        given.get("endpoint"),
        tuple(index) if isinstance(index, list | tuple) else (int(index),),
        int(given.get("every", 0)),
        float(given.get("seconds", 120.0)),
    )


class Faults:
    """The rules that hold now; the first that strikes decides."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def next(self, endpoint: str, object_name: str) -> Rule | None:
        """The fault of this request, if any."""
        striking = [known for known in self.rules if known.strikes(endpoint, object_name)]
        return striking[0] if striking else None
