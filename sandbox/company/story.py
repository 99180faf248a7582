"""One deal as it truly was, and what the CRM shows of it while `telling` works off the agenda."""

import heapq
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from sandbox.company import chain, habits, rep
from sandbox.company.patches import Note, Operation
from sandbox.company.people import Person
from sandbox.company.seasons import local_day

USD_RATE = 7.10


@dataclass(slots=True)
class Story:
    """One deal as it truly was: `moves` are (ordinal, what, value) in order, owners (instant, person, team code, boss)."""

    id: str
    number: int
    entered: int
    process: int
    stage: int
    amount: float
    usd: bool
    moves: list[tuple[int, int, int]]
    ending: int
    ended_on: int
    owners: list[tuple[int, Person, str, str]]
    transfers: list[tuple[int, str]]
    fixed: dict[str, Any]
    backfilled: bool
    inflates: bool
    categories_from: int


@dataclass(slots=True)
class Telling:
    """What the CRM shows while the story is told, the notes so far, and how the deal stands there."""

    story: Story
    dice: Random
    shown: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    agenda: list[tuple[int, int, str, Any]] = field(default_factory=list)
    planned: int = 0
    status: Literal["open", "won", "lost", "deleted"] = "open"
    first_closed_ms: int | None = None
    closed_ms: int | None = None
    reopened: bool = False

    def plan(self, ms: int, what: str, payload: Any = None) -> None:
        """Put something on the agenda, never before the deal exists."""
        self.planned += 1
        heapq.heappush(self.agenda, (max(ms, self.story.entered + 120_000), self.planned, what, payload))

    def write(self, ms: int, changes: dict[str, Any], actor: str = "") -> int:
        """Type what differs from what is shown, after the last note; the instant of typing."""
        at = max(ms, self.notes[-1].ms + 1_000) if self.notes else ms
        changed = {name: value for name, value in changes.items() if self.shown.get(name) != value}
        if changed:
            self.shown.update(changed)
            op: Operation = "update" if self.notes else "create"
            actor = actor or self.owner(ms).user_id
            self.notes.append(Note(at, "NewOpportunityObj", self.story.id, op, changed, actor))
        return at

    def owner(self, ms: int) -> Person:
        """Who owns the deal at an instant."""
        return max((entry for entry in self.story.owners if entry[0] <= ms), default=self.story.owners[0], key=_first)[
            1
        ]

    def truth(self, what: int, ordinal: int) -> int:
        """The hidden stage or force at the end of a day."""
        value = self.story.stage if what == chain.STAGE else 0
        for day, changed, new in self.story.moves:
            if day <= ordinal and changed == what:
                value = new
        return value

    def asking(self, ms: int) -> str:
        """The amount typed now: the true one, blurred; a rival presses it, one rep inflates it."""
        blur = 2.0 ** self.dice.gauss(0.06, 0.2)
        if self.truth(chain.RIVAL, local_day(ms)):
            blur *= 0.93
        if self.story.inflates:
            blur = habits.COMMIT_INFLATION
        return rep.money(self.story.amount * blur / (USD_RATE if self.story.usd else 1.0))


def _first(entry: tuple[int, Person, str, str]) -> int:
    return entry[0]
