"""The past of an org's deals at go-live, as their own history dates it: once, before the first night reads the deals as they are.

In: `OpportunityHistory` and the deals of an org. Out: landed rows of that history, each known from the end of its own day on, and of each
deal a version for each instant that they date: what the row tells and when the deal was made; all else stays unknown before the first
night. They are marked reconstructed. No watermark moves: the first night reads everything, and a row that it reads again says nothing new.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from connectors.reading import read_page
from connectors.sources import Source, open_source
from connectors.streams import Stream, mapping_of
from warehouse import watermarks
from warehouse.clock import business_day, cutoff
from warehouse.landing import Record, Reject, land_page
from warehouse.steps import recorded
from warehouse.walks import Loading, Walk, begin, has_finished, loading

SYSTEM, HISTORY, DEALS, KIND = "salesforce", "stage_changes", "opportunities", "history"
DATED = (
    "StageName",
    "Amount",
    "CurrencyIsoCode",
    "Probability",
    "CloseDate",
)  # what a row of the history tells of its deal
PAGE = 20_000


def load_past(as_of: date) -> None:
    """Load what the history tells of days up to `as_of`, unless it is loaded already or a night has read the deals."""
    streams = mapping_of(SYSTEM).streams
    if not {HISTORY, DEALS} <= streams.keys():
        print(f"history {SYSTEM}: its mapping reads no history of deals")
        return
    with loading(SYSTEM) as connection, recorded("history", as_of) as run:
        is_read = watermarks.current(connection, SYSTEM, DEALS) is not None
        if is_read or has_finished(connection, SYSTEM, DEALS, KIND):
            print(f"history {SYSTEM}: loaded already")
            return
        run.note(system=SYSTEM)
        source = open_source(SYSTEM)
        try:
            rows, rejects = _read(source, streams[HISTORY], as_of)
            deals, _ = _read(source, streams[DEALS], as_of)
        finally:
            source.close()
        told = [_as_then(row) for row in rows]
        _land(connection, streams[HISTORY], as_of, told, rejects)
        _land(connection, streams[DEALS], as_of, list(_versions(told, deals, streams)), [])


def _read(source: Source, stream: Stream, as_of: date) -> tuple[list[Record], list[Reject]]:
    """All records of a stream up to the end of the day."""
    walk, records, rejects = Walk(SYSTEM, stream.name, as_of, None, cutoff(as_of)), list[Record](), list[Reject]()
    for page in source.pages(stream, walk):
        found, set_aside = read_page(stream, walk, page.rows)
        records += found
        rejects += set_aside
    return records, rejects


def _as_then(row: Record) -> Record:
    """A row of the history, known from the end of the day on which it was made."""
    return row._replace(known_at=cutoff(business_day(_made_at(row))), is_reconstructed=True)


def _made_at(row: Record) -> datetime:
    made = row.record.get("CreatedDate")
    return datetime.fromisoformat(made).astimezone(UTC) if isinstance(made, str) else row.changed_at


def _versions(told: Iterable[Record], deals: Iterable[Record], streams: Mapping[str, Stream]) -> Iterator[Record]:
    """Each deal as its history shows it, a version an instant. A deal that others changed since is made when its first row was."""
    dated = [name for name in DATED if all(name in streams[of].fields for of in (HISTORY, DEALS))]
    dated = [name for name in dated if streams[HISTORY].theirs(name) == streams[DEALS].theirs(name)]
    made = {deal.record_id: deal.record.get("CreatedDate") for deal in deals}
    rows = [row for row in told if row.record.get("OpportunityId") and not row.record.get("is_deleted")]
    rows.sort(key=lambda row: (row.record["OpportunityId"], _made_at(row), row.record_id))
    for deal, steps in groupby(rows, key=lambda row: str(row.record["OpportunityId"])):
        versions, stage, moved = dict[datetime, Record](), None, None
        for step in steps:
            at = step.record.get("CreatedDate")
            moved = moved if step.record.get("StageName") == stage else at
            stage = step.record.get("StageName")
            state: dict[str, Any] = {name: step.record.get(name) for name in dated}
            state |= {
                "Id": deal,
                "CreatedDate": made.setdefault(deal, at),
                "LastStageChangeDate": moved,
                "SystemModstamp": at,
            }
            known = {name: value for name, value in state.items() if value is not None}
            versions[_made_at(step)] = Record(deal, known, _made_at(step), step.known_at, is_reconstructed=True)
        yield from versions.values()


def _land(connection: Loading, stream: Stream, as_of: date, records: list[Record], rejects: list[Reject]) -> None:
    owed = Walk(SYSTEM, stream.name, as_of, None, cutoff(as_of), is_reconstructed=True)
    walk, landed = begin(connection, owed, kind=KIND), 0
    for start in range(0, max(len(records), 1), PAGE):
        is_last = start + PAGE >= len(records)
        landed += land_page(
            connection, walk, records[start : start + PAGE], rejects if is_last else [], last_id=None, is_last=is_last,
            bookkeeping=stream.bookkeeping,
        ).landed  # fmt: skip
    print(f"history {SYSTEM} {stream.name}: {landed} versions landed, {len(rejects)} quarantined", flush=True)
