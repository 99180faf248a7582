"""A patch is one change of one CRM record: what the journal appends and what the API serves.

Comes in: the chapters of the company (deals, leads, people …). Goes out: patches in the order in which they happened.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

Operation = Literal["create", "update", "delete"]

SYSTEM = "-10000"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = {"AccountObj": 1, "LeadsObj": 2, "NewOpportunityObj": 3, "ActiveRecordObj": 4}


@dataclass(frozen=True, slots=True)
class Patch:
    """One change: `at` in UTC to the millisecond, `fields` in wire format, on update only what changed (None = cleared)."""

    at: datetime
    object: str
    id: str
    op: Operation
    fields: dict[str, Any]
    actor: str


@dataclass(frozen=True, slots=True)
class Note:
    """A patch before it is bound to the calendar: `ms` is its instant in epoch milliseconds."""

    ms: int
    object: str
    id: str
    op: Operation
    fields: dict[str, Any]
    actor: str = SYSTEM


def record_id(kind: str, number: int) -> str:
    """The id of the `number`-th record of an object, counted by creation: 24 hex digits that sort by creation."""
    return f"65f0{KINDS[kind]:02x}{number:018x}"


def ordered(notes: Iterable[Note], before_ms: int) -> list[Patch]:
    """The patches of all notes that happen before an instant, sorted by (at, object, id)."""
    kept = sorted((note for note in notes if note.ms < before_ms), key=lambda note: (note.ms, note.object, note.id))
    return [
        Patch(EPOCH + timedelta(milliseconds=note.ms), note.object, note.id, note.op, note.fields, note.actor)
        for note in kept
    ]
