"""A long reading in slices: every id once and in order whatever the ids are, bounded in requests and memory, an error in its turn."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from threading import Barrier, Lock
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.slices import AHEAD, MOST_PAGES, PAGES, whole
from connectors.sources import Page

PAGE = 10
SECOND = 2**64  # ids of one second of creation, as a vendor's ids count


def ids_of(places: list[int]) -> list[str]:
    return [f"{place:024x}" for place in sorted(set(places))]


class Table:
    """Rows by id, asked as a vendor is; counts what was asked and what is under way."""

    def __init__(self, ids: list[str], before: Callable[[int], None] = lambda _: None) -> None:
        self.ids, self._before, self._lock = sorted(ids), before, Lock()
        self.asked = self.under_way = self.most_under_way = 0

    def between(self, low: str | None, high: str | None) -> Iterator[Page]:
        is_last = False
        while not is_last:
            with self._lock:
                self.asked += 1
                self.under_way += 1
                self.most_under_way = max(self.most_under_way, self.under_way)
                number = self.asked
            self._before(number)
            start = 0 if low is None else bisect_right(self.ids, low)
            end = len(self.ids) if high is None else bisect_right(self.ids, high)
            kept = self.ids[start : min(end, start + PAGE)]
            with self._lock:
                self.under_way -= 1
            is_last = len(kept) < PAGE or kept[-1] == high
            low = kept[-1] if kept else low
            yield Page([{"_id": key} for key in kept], low, is_last)

    def newest(self) -> list[Any]:
        return [{"_id": self.ids[-1]}]

    def read(self, workers: int = 4, last_id: str | None = None) -> Iterator[Page]:
        return whole(self.between, last_id, self.newest, workers)


def shown(pages: list[Page]) -> list[str]:
    return [row["_id"] for page in pages for row in page.rows]


CLUMPED = [place * SECOND + n for place in (1, 2, 9000, 9001, 500_000) for n in range(400)]
IDS = {
    "counted one by one": list(range(100, 4100)),
    "spread evenly": [place * SECOND * 7 for place in range(3000)],
    "imported in bulk, idle between": CLUMPED,
    "a dense beginning, then sparse": [*range(500), *(SECOND * place for place in range(1, 1500))],
    "a sparse beginning, then dense": [*(SECOND * place for place in range(200)), *(SECOND * 300 + n for n in range(2500))],
}  # fmt: skip


@pytest.mark.parametrize("name", IDS)
def test_every_id_comes_once_and_in_order_and_costs_few_requests_more_than_its_pages(name: str) -> None:
    table = Table(ids_of(IDS[name]))
    pages = list(table.read())
    assert shown(pages) == table.ids
    assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]
    cursors = [page.cursor or "" for page in pages]
    assert cursors == sorted(cursors)
    needed = -(-len(table.ids) // PAGE)
    assert needed <= table.asked <= needed * 5 // 4 + 60, f"{table.asked} requests for {needed} pages"


@given(st.lists(st.integers(0, 2**96 - 1), min_size=1, max_size=400), st.integers(1, 5))
def test_any_ids_come_once_and_in_order(places: list[int], workers: int) -> None:
    table = Table(ids_of(places))
    assert shown(list(table.read(workers))) == table.ids


def test_ids_that_do_not_count_are_read_one_page_after_the_other() -> None:
    table = Table([f"D{number}" for number in range(500)])
    assert shown(list(table.read())) == table.ids
    assert (table.most_under_way, table.asked) == (1, 51)


def test_where_nothing_is_shown_as_newest_a_reading_goes_on_page_by_page() -> None:
    table = Table(ids_of(list(range(500))))
    assert shown(list(whole(table.between, None, list, 4))) == table.ids
    assert table.asked == 51


def test_a_reading_of_few_pages_is_not_cut() -> None:
    table = Table(ids_of(list(range(60))))
    assert shown(list(table.read())) == table.ids
    assert table.asked == 7


def test_a_killed_reading_goes_on_behind_its_cursor() -> None:
    table = Table(ids_of(list(range(3000))))
    pages = iter(table.read())
    landed = [next(pages) for _ in range(57)]
    rest = list(table.read(last_id=landed[-1].cursor))
    assert shown(landed) + shown(rest) == table.ids


def test_as_many_requests_are_under_way_as_there_are_workers_and_no_more() -> None:
    meeting = Barrier(4, timeout=20)

    def meet(number: int) -> None:
        """The second to the fifth request wait for each other: one by one they would never pass."""
        if 2 <= number <= 5:
            meeting.wait()

    table = Table(ids_of(list(range(3000))), meet)
    assert shown(list(table.read(4))) == table.ids
    assert table.most_under_way == 4


def test_an_error_comes_behind_all_that_lies_before_it_and_ends_the_reading() -> None:
    def refuse(number: int) -> None:
        if number == 40:
            raise ValueError("refused")

    table = Table(ids_of(list(range(30_000))), refuse)
    pages = table.read()
    landed: list[Page] = []
    with pytest.raises(ValueError, match="refused"):
        landed.extend(pages)
    assert shown(landed) == table.ids[: len(shown(landed))]
    assert table.asked < 40 + 4 * AHEAD * MOST_PAGES
    assert shown(landed) + shown(list(table.read(last_id=landed[-1].cursor))) == table.ids


def test_what_is_fetched_before_its_turn_is_bounded() -> None:
    table = Table(ids_of(list(range(30_000))))
    pages = table.read(4)
    next(pages)
    next(pages)
    pages.close()  # type: ignore[attr-defined]
    assert table.asked <= 1 + 4 * AHEAD * PAGES
