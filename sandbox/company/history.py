"""The whole hidden history: first deals lived, then the renewals and backfilled wins that follow from the won ones.

Comes in: weather, staff, leads. Goes out: all `Deals`, their owners' books, and one `Life` over all of them.
"""

from dataclasses import dataclass
from random import Random

import numpy as np

from sandbox.company import chain, deals, process
from sandbox.company.chain import Life
from sandbox.company.deals import Deals
from sandbox.company.leads import Leads
from sandbox.company.people import Staff
from sandbox.company.process import Weather

GENERATIONS = 5  # renewals of renewals; the span is shorter than six years


@dataclass(slots=True)
class History:
    """Deals with their lives and books; `books[row]` lists (ordinal, index of the owner in staff.by_index)."""

    deals: Deals
    life: Life
    books: list[list[tuple[int, int]]]


def lived(sky: Weather, staff: Staff, leads: Leads, scale: float, seed: int) -> History:
    """Live every deal of the span."""
    rng = np.random.default_rng([seed, 30])
    generation = deals.first_deals(sky, staff, leads, scale, seed)
    whole = _live(sky, staff, generation, 0, seed, rng)
    offset = 0
    for number in range(1, GENERATIONS):
        rows = offset + np.flatnonzero(_won(whole, offset) & (whole.deals.process[offset:] == process.SOFTWARE))
        again = deals.renewals(whole.deals, rows, whole.life.ended_on[rows], len(sky.load), rng)
        offset = len(whole.deals)
        if len(again):
            whole = _merged(whole, _live(sky, staff, again, number, seed, rng))
    rows = np.flatnonzero(_won(whole, 0))
    late = deals.backfills(whole.deals, rows, whole.life.ended_on[rows], rng)
    books = [staff.book(int(late.seat[i]), sky.span.origin + int(late.born[i]), Random(i)) for i in range(len(late))]
    empty = np.empty((0, 4), int)
    done = Life(empty, np.full(len(late), chain.WON), late.born.copy(), empty, {})
    return _merged(whole, History(late, done, books))


def _won(whole: History, offset: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    out: np.ndarray[tuple[int], np.dtype[np.bool_]] = whole.life.ending[offset:] == chain.WON
    return out


def _live(sky: Weather, staff: Staff, born: Deals, number: int, seed: int, rng: np.random.Generator) -> History:
    books, owners = [], dict[int, list[tuple[int, float, float]]]()
    for row in range(len(born)):
        dice = Random((seed * 10 + number) * 10_000_019 + row)
        books.append(staff.book(int(born.seat[row]), sky.span.origin + int(born.born[row]), dice))
        for ordinal, index in books[-1]:
            person = staff.by_index[index]
            entry = (row, person.skill, person.diligence)
            owners.setdefault(ordinal - sky.span.origin, []).append(entry)
    span = sky.span
    weekly = {day for day in range(span.start - span.origin, len(sky.load)) if (day + span.origin - span.day) % 7 == 0}
    return History(born, chain.live(sky, born, owners, weekly, rng), books)


def _merged(first: History, second: History) -> History:
    shift = len(first.deals)
    a, b = first.life, second.life
    for table in (b.moves, b.contacts, *b.snapshots.values()):
        table[:, 0] += shift
    snapshots = {
        day: np.concatenate([rows, *([b.snapshots[day]] if b.snapshots else [])]) for day, rows in a.snapshots.items()
    }
    life = Life(
        np.concatenate([a.moves, b.moves]), np.concatenate([a.ending, b.ending]),
        np.concatenate([a.ended_on, b.ended_on]), np.concatenate([a.contacts, b.contacts]), snapshots,
    )  # fmt: skip
    return History(first.deals.joined(second.deals), life, first.books + second.books)
