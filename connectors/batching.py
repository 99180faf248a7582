"""Pages that are read beside and land together.

In: a source's pages. Out: what lands in one commit, in order. A thread beside reads the next pages and makes ready what leaves, while what
came before is landed. Between the two, this thread puts people's fields into the vault, which needs the server.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from connectors.beside import Begin, beside
from connectors.privacy import Hidden, protected
from connectors.reading import Reader
from connectors.sealing import Opened
from connectors.sources import Page
from connectors.streams import Stream
from warehouse.batches import Batch, batch_of, joined
from warehouse.landing import Record, Reject
from warehouse.walks import Loading, Walk

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


@dataclass(frozen=True, slots=True)
class Run:
    """Pages of one kind in a row, whose personal fields are replaced together; `hidden` where they are replaced column by column."""

    pages: list[ReadPage]
    hidden: Hidden | None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Pages whose personal values stand in the vault. `sealing`: makes what lands, without a server."""

    pages: list[Page]
    sealing: list[Callable[[], Batch]]
    rejects: list[Reject]


@dataclass(frozen=True, slots=True)
class Commit:
    """What lands in one transaction: the rows of some pages, without originals."""

    pages: list[Page]
    batch: Batch
    rejects: list[Reject]


def commits(connection: Loading, stream: Stream, walk: Walk, pages: Iterator[Page]) -> Iterator[tuple[Commit, Begin]]:
    """What of a walk's pages lands, commit by commit; with each, what reads on while the server is at work."""
    read = map(runs_of, together(read_pages(stream, walk, pages)))
    return beside(read, partial(exchanged, connection, stream, walk), sealed)


def runs_of(pages: list[ReadPage]) -> list[Run]:
    """Pages of one commit in runs of one kind, with the personal values that stand in them."""
    found = list[Run]()
    for _, some in groupby(pages, key=lambda page: type(page.records)):
        run = list(some)
        opened = [each.records for each in run if isinstance(each.records, Opened)]
        found.append(Run(run, Hidden(opened) if opened else None))
    return found


def exchanged(connection: Loading, stream: Stream, walk: Walk, runs: list[Run], read_on: Begin) -> Exchanged:
    """The runs, whose personal values the vault keeps from now on."""
    sealing, rejects = list[Callable[[], Batch]](), list[Reject]()
    for run in runs:
        set_aside = [reject for page in run.pages for reject in page.rejects]
        if run.hidden is not None:
            read_on()
            run.hidden.exchange(connection, walk.load_id)
            sealing.append(run.hidden.sealed)
        elif isinstance(run.pages[0].records, Batch):
            batches = [page.records for page in run.pages if isinstance(page.records, Batch)]
            sealing.append(partial(joined, batches))
        else:
            found = [each for page in run.pages for each in page.records if isinstance(each, Record)]
            found, set_aside = protected(connection, stream, found, set_aside, walk.load_id)
            sealing.append(partial(batch_of, found, walk.load_id, stream.bookkeeping))
        rejects += set_aside
    return Exchanged([page.page for run in runs for page in run.pages], sealing, rejects)


def sealed(exchanged: Exchanged) -> Commit:
    """What of the pages lands, in their order."""
    return Commit(exchanged.pages, joined(seal() for seal in exchanged.sealing), exchanged.rejects)


def read_pages(stream: Stream, walk: Walk, pages: Iterator[Page]) -> Iterator[ReadPage]:
    """The pages as records and rejects; their rows are let go, so that what is held is what will be written."""
    reader = Reader(stream, walk)
    for page in pages:
        yield ReadPage(replace(page, rows=[]), *reader.page(page.rows))


def together(pages: Iterator[ReadPage]) -> Iterator[list[ReadPage]]:
    """The pages that land in one transaction: as many as make `ROWS` rows, or one of a part that is counted by itself.

    What breaks off the reading comes behind the pages that came before it, so that these land.
    """
    held, rows = list[ReadPage](), 0
    try:
        for read in pages:
            if read.page.part and held:
                yield held
                held, rows = [], 0
            held.append(read)
            rows += read.rows
            if read.page.is_last or read.page.part or rows >= ROWS:
                yield held
                held, rows = [], 0
    except Exception:
        if held:
            yield held
        raise
    if held:
        yield held
