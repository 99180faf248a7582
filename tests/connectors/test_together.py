"""Which pages land in one transaction, and what becomes of those that came before the reading broke off."""

import gc
from collections.abc import Iterator
from queue import Queue
from typing import TypeVar

import pytest

from connectors.batching import ROWS, ReadPage, together
from connectors.beside import Begin, beside
from connectors.sources import Page
from warehouse.landing import Reject
from warehouse.parts import Part

Item = TypeVar("Item")


def page(rows: int, cursor: str, *, is_last: bool = False, part: Part | None = None) -> ReadPage:
    return ReadPage(Page([], cursor, is_last, part), [], [Reject("", b"")] * rows)


def same(item: Item) -> Item:
    return item


def here(item: Item, _: Begin) -> Item:
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
        landed.extend([each.page.cursor for each in batch] for batch, _ in beside(together(broken()), here, same))
    assert landed == [["a", "b"]]


def test_what_came_before_an_item_that_this_thread_refused_lands_first() -> None:
    def refused(number: int, _: Begin) -> int:
        if number == 3:
            raise ValueError("refused")
        return number

    done: list[int] = []
    with pytest.raises(ValueError, match="refused"):
        done.extend(made for made, _ in beside(iter(range(1, 9)), refused, lambda number: number * 10))
    assert done == [10, 20]


def test_reading_beside_keeps_the_order_and_leaves_the_process_as_it_was() -> None:
    before = gc.get_threshold()
    made = [number for number, _ in beside(iter(range(1, 100)), lambda number, _: -number, lambda number: -number)]
    assert made == list(range(1, 100))
    assert gc.get_threshold() == before


def test_the_thread_beside_goes_on_when_it_is_told_that_the_server_is_at_work() -> None:
    read = Queue[int]()

    def numbers() -> Iterator[int]:
        for number in range(3):
            read.put(number)
            yield number

    first, go_on = next(coming := beside(numbers(), here, same))
    assert [read.get(timeout=5) for _ in range(2)] == [0, 1]
    assert (first, read.empty()) == (0, True)
    go_on()
    assert read.get(timeout=5) == 2
    assert [number for number, _ in coming] == [1, 2]
