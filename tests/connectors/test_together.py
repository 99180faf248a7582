"""Which pages land in one transaction, and what becomes of those that came before the reading broke off."""

import gc
from collections.abc import Iterator

import pytest

from connectors.batching import ROWS, ReadPage, beside, together
from connectors.sources import Page
from warehouse.landing import Reject
from warehouse.parts import Part


def page(rows: int, cursor: str, *, is_last: bool = False, part: Part | None = None) -> ReadPage:
    return ReadPage(Page([], cursor, is_last, part), [], [Reject("", b"")] * rows)


def same(item: list[ReadPage]) -> list[ReadPage]:
    return item


def cursors(batches: Iterator[list[ReadPage]]) -> list[list[str | None]]:
    return [[each.page.cursor for each in batch] for batch in batches]


def test_pages_land_together_until_they_make_a_commit_and_the_last_ones_as_they_are() -> None:
    third = ROWS // 3 + 1
    pages = [page(third, name) for name in "abcd"] + [page(7, "e", is_last=True)]
    assert cursors(together(iter(pages))) == [["a", "b", "c"], ["d", "e"]]


def test_a_page_of_a_part_lands_alone() -> None:
    part = Part("list.csv", begins=True)
    pages = [page(1, "a"), page(1, "b", part=part), page(1, "c", part=part), page(0, "d", is_last=True)]
    assert cursors(together(iter(pages))) == [["a"], ["b"], ["c"], ["d"]]


def test_what_came_before_a_reading_broke_off_lands_and_then_it_breaks_off() -> None:
    def broken() -> Iterator[ReadPage]:
        yield page(1, "a")
        yield page(1, "b")
        raise ValueError("refused")

    landed: list[list[str | None]] = []
    with pytest.raises(ValueError, match="refused"):
        landed.extend([each.page.cursor for each in batch] for batch in beside(together(broken()), same, same))
    assert landed == [["a", "b"]]


def test_what_came_before_an_item_that_this_thread_refused_lands_first() -> None:
    def refused(number: int) -> int:
        if number == 3:
            raise ValueError("refused")
        return number

    done: list[int] = []
    with pytest.raises(ValueError, match="refused"):
        done.extend(beside(iter(range(1, 9)), refused, lambda number: number * 10))
    assert done == [10, 20]


def test_reading_beside_keeps_the_order_and_leaves_the_process_as_it_was() -> None:
    before = gc.get_threshold()
    assert list(beside(iter(range(1, 100)), lambda number: -number, lambda number: -number)) == list(range(1, 100))
    assert gc.get_threshold() == before
