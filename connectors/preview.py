"""The command `preview`: records as they would land, and figures to hold against the system's own report, before anything is landed.

In: a system as mapped. Out: for each stream twenty rows with personal fields masked, what cannot be read, and by month of creation the
records and, where the stream has amounts, their sum. Reads every record of a stream, page by page.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from connectors.calls import RefusedError
from connectors.onboard_standard import amounts_of
from connectors.privacy import mask
from connectors.reading import instant_of, read_page
from connectors.sources import Source, open_source
from connectors.streams import Stream, mapping_of
from warehouse.clock import business_day, cutoff
from warehouse.landing import Record
from warehouse.steps import StepError
from warehouse.walks import Walk

ROWS = 20
PROGRESS_PAGES = 100
LAST_DAY = date(9998, 12, 31)  # no clock: everything that the source shows


@dataclass
class Seen:
    """What one stream showed."""

    rows: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    sums: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    fields: Counter[str] = field(default_factory=Counter)


def preview(system: str, only: str | None) -> None:
    """Print rows and monthly figures of every stream, or of `only` one. Raises StepError when the system cannot be read."""
    source = open_source(system)
    try:
        streams = [stream for name, stream in mapping_of(system).streams.items() if only in (None, name)]
        if not streams:
            raise StepError(f"there is no stream {only}: choose one of {', '.join(mapping_of(system).streams)}")
        for stream in streams:
            try:
                print("\n".join(_told(stream, _read(source, stream))), flush=True)
            except RefusedError as error:
                if error.reaction != "skip":
                    raise
                print(f"{system} {stream.name}: {error}")
    finally:
        source.close()
    print("nothing was landed")


def _read(source: Source, stream: Stream) -> Seen:
    walk, seen = Walk(stream.system, stream.name, LAST_DAY, None, cutoff(LAST_DAY)), Seen()
    amounts = amounts_of(stream.system, stream.name)
    for number, page in enumerate(source.pages(stream, walk), 1):
        records, rejects = read_page(stream, walk, page.rows)
        seen.reasons.update(reject.reason for reject in rejects)
        for record in records:
            _note(seen, stream, record, amounts)
        if number % PROGRESS_PAGES == 0:
            print(f"{stream.system} {stream.name}: {number} pages read", flush=True)
        if page.is_last:
            break
    return seen


def _note(seen: Seen, stream: Stream, record: Record, amounts: list[str]) -> None:
    if len(seen.rows) < ROWS:
        seen.rows.append(orjson.dumps(masked(stream, record.record)).decode())
    seen.fields.update(record.record.keys())
    month = f"{business_day(instant_of(record.record.get('create_time')) or record.changed_at):%Y-%m}"
    seen.counts[month] += 1
    for name in amounts:
        try:
            seen.sums[month] += Decimal(str(record.record.get(name) or 0))
        except InvalidOperation:
            seen.reasons[f"{name} is no decimal"] += 1


def masked(stream: Stream, record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as people may see it before the vault knows it."""
    return {
        name: mask(stream.classified[name], str(value)) if name in stream.classified and value else _unnamed(value)
        for name, value in record.items()
    }


def _unnamed(value: Any) -> Any:
    """A link without the name of what it links to, which may be a person's."""
    if isinstance(value, list):
        return [_unnamed(each) for each in value]
    return {key: each for key, each in value.items() if key != "name"} if isinstance(value, dict) else value


def _told(stream: Stream, seen: Seen) -> Iterator[str]:
    records = sum(seen.counts.values())
    yield f"{stream.system} {stream.name}: {records} records of {stream.object}"
    yield from (f"  {row}" for row in seen.rows)
    yield from (f"  {count} cannot be read: {reason}" for reason, count in seen.reasons.most_common())
    empty = [name for name in stream.fields if not seen.fields[name]]
    if empty and records:
        yield f"  never filled: {', '.join(empty)}"
    scales = [each.scale for each in stream.filled_by.values() if each.scale]
    for month in sorted(seen.counts):
        said = f"  created {month}: {seen.counts[month]} records"
        if month in seen.sums:
            shown = f" ({seen.sums[month] / scales[0]:f} in the CRM's unit)" if scales else ""
            said += f", amount {seen.sums[month]:.2f}{shown}"
        yield said
