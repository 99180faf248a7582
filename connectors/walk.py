"""One walk over one stream of a system: every record of the walk's window, page by page, landed some pages at a time.

In: an opened source, a stream, a walk with a fixed window [from, to). Out: landed pages and a tally. A killed walk goes on behind the
cursor of the last page that landed; a whole answer (snapshot) starts anew. What a whole answer no longer shows is buried that day; what a
list of all ids no longer shows went at an unknown time before the list was read, and is buried by the next night if its list lacks it too.
"""

from dataclasses import dataclass, replace

from connectors.batching import commits
from connectors.progress import Progress
from connectors.sources import Source
from connectors.streams import Stream
from warehouse import reconciling
from warehouse.landing import PageCounts, finish_walk, land_page
from warehouse.steps import StepError
from warehouse.walks import Loading, Walk, begin

FEWEST_SHARE = (
    0.5  # of the known records: a whole answer that shows fewer is a permission or a filter, not a wave of deletions
)
FEW = 20  # known records below which any share may go
SUNDAY = 7


@dataclass
class Tally:
    """What the walks of one stream came to in one night. `deleted` is part of `landed`."""

    days: int = 0
    pages: int = 0
    received: int = 0
    landed: int = 0
    unchanged: int = 0
    echoed: int = 0
    quarantined: int = 0
    held_back: int = 0
    deleted: int = 0

    def add(self, page: PageCounts, pages: int = 1) -> None:
        """Count one page, or several that landed together."""
        self.pages += pages
        self.received += page.received
        self.landed += page.landed
        self.unchanged += page.unchanged
        self.echoed += page.echoed
        self.quarantined += page.quarantined


def walk_stream(connection: Loading, source: Source, stream: Stream, owed: Walk, tally: Tally) -> Walk:
    """Read the whole window of `owed` and land it. Returns the walk as it was begun."""
    walk = begin(connection, owed, fields=stream.projection)
    tally.days += 1
    if stream.mode == "snapshot":
        seen = _land_pages(connection, source, stream, replace(walk, last_id=None), tally)
        _bury(connection, stream, walk, reconciling.unseen(connection, walk, seen), len(seen), tally)
        return walk
    _land_pages(connection, source, stream, walk, tally)
    if stream.ids_every:
        noted = reconciling.noted_last(connection, walk)
        is_due = stream.ids_every == "night" or walk.as_of.isoweekday() == SUNDAY
        missing = _missing(connection, source, stream, walk) if noted or is_due else []
        _bury(connection, stream, walk, sorted(noted.intersection(missing)), None, tally)
        if is_due:
            reconciling.note_missing(connection, walk, missing)
    return walk


def _missing(connection: Loading, source: Source, stream: Stream, walk: Walk) -> list[str]:
    """The ids of living records that the source lists no longer; it is asked a second time before one is buried, since what a right or
    a filter hid for an hour has not gone."""
    listed = {record_id for page in source.ids(stream) for record_id in page}
    missing = reconciling.unseen(connection, walk, listed)
    _refuse_shrunken(stream, missing, len(listed))
    return missing


def _land_pages(connection: Loading, source: Source, stream: Stream, walk: Walk, tally: Tally) -> set[str]:
    """Land every page behind the walk's cursor; the last one ends the walk unless deletions are to follow. Returns a snapshot's ids."""
    ends_here = stream.mode != "snapshot" and not stream.ids_every
    seen: set[str] = set()
    began = sent = source.calls.requests
    waited = source.calls.patience.waits
    rows_before, pages_before = tally.received, tally.pages
    progress = Progress(f"{stream.system} {stream.name}")
    for commit, read_on in commits(connection, stream, walk, source.pages(stream, walk)):
        reached = next((page.cursor for page in reversed(commit.pages) if page.cursor is not None), None)
        last, asked = commit.pages[-1], source.calls.requests
        counts = land_page(
            connection, walk, commit.batch, commit.rejects, last_id=reached, requests=asked - sent, pages=len(commit.pages),
            is_last=last.is_last and ends_here, bookkeeping=stream.bookkeeping, part=last.part, meanwhile=read_on,
        )  # fmt: skip
        tally.add(counts, len(commit.pages))
        sent = asked
        told = progress.line(
            rows=tally.received - rows_before, pages=tally.pages - pages_before, requests=asked - began,
            waits=source.calls.patience.waits - waited, share=last.share,
        )  # fmt: skip
        if told:
            print(told, flush=True)
        if stream.mode == "snapshot":
            seen.update(commit.batch.ids)
            seen.update(reject.record_id for reject in commit.rejects if reject.record_id)
        if last.is_last:
            return seen
    raise RuntimeError(f"{stream.system} {stream.name}: the source ended without a last page")


def _bury(
    connection: Loading, stream: Stream, walk: Walk, gone: list[str], seen: int | None, tally: Tally
) -> None:  # fmt: skip
    """End the walk; the records `gone` become tombstones."""
    if seen is not None:
        _refuse_shrunken(stream, gone, seen)
    buried = finish_walk(connection, walk, gone)
    tally.landed += buried.landed
    tally.received += buried.received
    tally.unchanged += buried.unchanged
    tally.deleted += buried.landed


def _refuse_shrunken(stream: Stream, gone: list[str], seen: int) -> None:
    known = len(gone) + seen
    if known > FEW and seen < FEWEST_SHARE * known:
        raise StepError(
            f"{stream.system} {stream.name} shows {seen} records where about {known} were known: "
            "a permission or a filter changed; look at the source, then rerun"
        )
