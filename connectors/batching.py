"""Pages that are read beside and land together.

In: a source's pages. Out: the pages of one commit, read, in order, by a thread beside while the pages before them are in use: a batch where
their records land as they are, records where people's fields are to be replaced first.
"""

import gc
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar

from connectors.privacy import hide, protected
from connectors.reading import Reader
from connectors.sealing import Opened
from connectors.sources import Page
from connectors.streams import Stream
from warehouse.batches import Batch, batch_of, joined
from warehouse.landing import Record, Reject
from warehouse.walks import Loading, Walk

Item = TypeVar("Item")
SELDOM = 100_000  # objects between two looks for cycles: among rows there are none, and looking took a quarter of the reading
SHORT_S = 0.0001  # a thread that was waiting for the server goes on after so long; at Python's 5 ms the server waited half of its time
ROWS = 5000  # of one commit: fewer cost a flush of the disk each, more hold memory and are read again after a kill


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page whose rows have been read."""

    page: Page
    records: list[Record] | Opened | Batch
    rejects: list[Reject]

    @property
    def rows(self) -> int:
        """How many rows the page had."""
        return len(self.records if isinstance(self.records, list) else self.records.ids) + len(self.rejects)


def without_originals(
    connection: Loading, stream: Stream, walk: Walk, pages: list[ReadPage]
) -> tuple[Batch, list[Reject]]:
    """What lands of the pages, in their order; those of one kind in a row have their personal fields replaced together."""
    batches, rejects = list[Batch](), list[Reject]()
    for kind, run in groupby(pages, key=lambda page: type(page.records)):
        some = list(run)
        set_aside = [reject for each in some for reject in each.rejects]
        if kind is list:
            found = [record for each in some for record in each.records if isinstance(record, Record)]
            found, set_aside = protected(connection, stream, found, set_aside, walk.load_id)
            batches.append(batch_of(found, walk.load_id, stream.bookkeeping))
        opened = [each.records for each in some if isinstance(each.records, Opened)]
        hide(connection, opened, walk.load_id)
        batches += [page.sealer.sealed(page) for page in opened]
        batches += [each.records for each in some if isinstance(each.records, Batch)]
        rejects += set_aside
    return joined(batches), rejects


def read_pages(stream: Stream, walk: Walk, pages: Iterator[Page]) -> Iterator[ReadPage]:
    """The pages as records and rejects; their rows are let go, so that what is held is what will be written."""
    reader = Reader(stream, walk)
    for page in pages:
        yield ReadPage(replace(page, rows=[]), *reader.page(page.rows))


def beside(items: Iterator[Item]) -> Iterator[Item]:
    """The items in order, the next one made by a thread beside while the one before it is in use."""
    former, patience = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(SELDOM, *former[1:])
    sys.setswitchinterval(SHORT_S)
    try:
        with ThreadPoolExecutor(1, "beside") as pool:
            coming = pool.submit(next, items, None)
            while (item := coming.result()) is not None:
                coming = pool.submit(next, items, None)
                yield item
    finally:
        gc.set_threshold(*former)
        sys.setswitchinterval(patience)


def together(pages: Iterator[ReadPage]) -> Iterator[list[ReadPage]]:
    """The pages that land in one transaction: as many as make `ROWS` rows, or one of a part that is counted by itself.

    What breaks off the reading comes behind the pages that came before it, so that these land.
    """
    held: list[ReadPage] = []
    try:
        for read in pages:
            if read.page.part and held:
                yield held
                held = []
            held.append(read)
            if read.page.is_last or read.page.part or sum(each.rows for each in held) >= ROWS:
                yield held
                held = []
    except Exception:
        if held:
            yield held
        raise
    if held:
        yield held
