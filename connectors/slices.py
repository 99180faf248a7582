"""A long reading by keyset, cut into slices of ids of which several are under way at once; its pages come out in the order of their ids.

In: how to read the pages between two ids, the ids of the first page, the greatest id. Out: all pages behind the first. So a walk lands and
moves its cursor as it does page by page: behind every page, all smaller ids have landed. `AHEAD` slices a worker, and the pieces of a dense
one, are fetched before their turn, each of at most `MOST_PAGES` pages, so what is held is bounded; a slice's error comes when its turn
does, and ends the others. The width of a slice follows how dense the ids were that came; whatever the ids are, each lies in exactly one
slice.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from threading import Event
from typing import Any

from connectors.sources import Page

PAGES = 10  # of a slice: fewer cost more half-filled last pages, more leave workers idle at the end
MOST_PAGES = 2 * PAGES  # of one fetch: a denser slice goes on in parts
AHEAD = 2  # slices a worker: one in its hands, one waiting for its turn to land
STEP = 8  # times wider for each empty slice in a row
ID = re.compile(r"[0-9a-f]{24}")  # ids that count upwards; others are read one page after the other
Between = Callable[[str | None, str | None], Iterator[Page]]  # the pages of the ids behind the first, up to the second


@dataclass(frozen=True, slots=True)
class Slice:
    """The ids behind `low` and up to `high`; `is_last`: whatever comes behind `low`. A piece is cut from a slice that was dense."""

    low: str
    high: str
    is_last: bool = False
    is_piece: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What one fetch brought of a slice."""

    whole: Slice
    pages: list[Page]

    @property
    def rows(self) -> int:
        """How many records."""
        return sum(len(page.rows) for page in self.pages)

    @property
    def reached(self) -> str:
        """How far it came: to the slice's end unless that was dense."""
        cursor = self.pages[-1].cursor
        return self.whole.high if self.pages[-1].is_last or cursor is None else cursor

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left of the slice."""
        return self.pages[-1].is_last


class Cutter:
    """Cuts what is left into slices of about `PAGES` pages, by the density that the newest part shows; narrower ones towards the end."""

    def __init__(self, first: int, last: int, page_rows: int, newest: int, workers: int) -> None:
        self._begin, self._at, self._end, self._workers, self._is_done = first, last, newest, workers, False
        self._rows = PAGES * page_rows * 19 // 20  # not quite full, so that the last page tells that it is the last
        self._width, self._empty = max((last - first) * PAGES * 19 // 20, 1), 0

    @classmethod
    def of(cls, rows: Sequence[Any], newest: Sequence[Any], workers: int) -> "Cutter | None":
        """A cutter of what lies behind a first full page of `rows`, None where ids do not count upwards or little seems to be left."""
        seen = (rows[0], rows[-1], newest[0] if newest else None)
        first, last, end = (number(row.get("_id")) if isinstance(row, dict) else None for row in seen)
        if first is None or last is None or end is None or end - last < (last - first) * 2 * workers:
            return None
        return cls(first, last, len(rows), end, workers)

    def next(self) -> Slice | None:
        """The next slice, None behind the last."""
        if self._is_done:
            return None
        low, left = self._at, self._end - self._at
        self._at += max(min(self._width, left // self._workers), self._width // PAGES, 1)
        self._is_done = self._at >= self._end
        return Slice(_text(low), _text(self._at), self._is_done)

    def share(self, record_id: str | None) -> float | None:
        """How much of all ids lies up to `record_id`."""
        place = number(record_id)
        return None if place is None else min((place - self._begin) / (self._end - self._begin), 1.0)

    def learn(self, part: Part) -> None:
        """Fit the width to what a part brought: too wide a slice goes on in pieces, too narrow ones cost a request each."""
        low, high = number(part.whole.low), number(part.whole.high)
        if low is None or high is None or high <= low:
            return
        self._empty = 0 if part.rows else self._empty + 1
        if not part.rows:
            self._width = max(self._width, high - low) * STEP**self._empty
        elif part.is_whole:
            self._width = max((high - low) * self._rows // part.rows, 1)
        else:
            self._width = max((high - low) // 2, 1)

    def again(self, part: Part) -> list[Slice]:
        """What is left of a dense slice: a piece as wide as the pages that came for each worker but one, and the rest."""
        low, reached, high = (number(key) for key in (part.whole.low, part.reached, part.whole.high))
        cuts = [part.reached, part.whole.high]
        if low is not None and reached is not None and high is not None:
            places = (reached + (reached - low) * place for place in range(1, self._workers))
            cuts[1:1] = [_text(place) for place in places if place < high]
        return [
            Slice(start, end, part.whole.is_last and end == part.whole.high, is_piece=True)
            for start, end in pairwise(cuts)
        ]


def number(record_id: object) -> int | None:
    """The place of an id among all ids, None where it does not count upwards."""
    return int(record_id, 16) if isinstance(record_id, str) and ID.fullmatch(record_id) else None


def _text(place: int) -> str:
    return f"{place:024x}"


def whole(between: Between, last_id: str | None, newest: Callable[[], Sequence[Any]], workers: int) -> Iterator[Page]:
    """All pages behind `last_id`: a short reading page by page, a long one in slices. `newest` asks for the record with the greatest id."""
    pages = between(last_id, None)
    first = next(pages)
    yield first
    cutter = None if first.is_last or workers == 1 else Cutter.of(first.rows, newest(), workers)
    yield from in_slices(between, cutter, workers) if cutter else pages


def in_slices(between: Between, cutter: Cutter, workers: int) -> Iterator[Page]:
    """All pages of the cutter's slices in order; the last one says so."""
    stopped = Event()
    pool, under_way = ThreadPoolExecutor(workers, "slice"), deque[Future[Part]]()
    try:
        while True:
            while len(under_way) < AHEAD * workers and (cut := cutter.next()):
                under_way.append(pool.submit(_fetched, between, cut, stopped))
            part = under_way.popleft().result()
            for page in part.pages:
                yield replace(page, is_last=page.is_last and part.whole.is_last, share=cutter.share(page.cursor))
            if part.whole.is_last and part.is_whole:
                return
            if not part.whole.is_piece:
                cutter.learn(part)
            if not part.is_whole:
                again = [pool.submit(_fetched, between, piece, stopped) for piece in cutter.again(part)]
                under_way.extendleft(reversed(again))
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)


def _fetched(between: Between, cut: Slice, stopped: Event) -> Part:
    pages: list[Page] = []
    for page in between(cut.low, None if cut.is_last else cut.high):
        pages.append(page)
        if len(pages) == MOST_PAGES or stopped.is_set():
            break
    return Part(cut, pages)
