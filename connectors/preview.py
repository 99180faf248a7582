"""The command `preview`: records as they would land, and figures to hold against the system's own report, before anything is landed.

In: a system as mapped, a business day. Out: for each stream twenty rows with personal fields masked, what cannot be read, and by month the
records and each amount's sum in base units and in the system's own. Months are those of creation, and amounts are known, where the standard
fields are (a file in `config/onboarding`); elsewhere months are those of the change, and records alone are counted. Reads every
record of a stream up to the end of the day, as a first night would; months are the tenant's.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from connectors.calls import RefusedError
from connectors.onboard_standard import figures_of
from connectors.privacy import mask
from connectors.reading import moment_of, read_page
from connectors.sources import Source, open_source
from connectors.streams import Stream, mapping_of
from warehouse.clock import business_day, cutoff
from warehouse.landing import Record
from warehouse.steps import StepError
from warehouse.walks import Walk

ROWS = 20
PROGRESS_PAGES = 100
Month = tuple[str, str]  # what dates its records (created, changed), the month


@dataclass
class Seen:
    """What one stream showed. `sums`: by month, field and currency; `later`: records that changed after the day."""

    rows: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    counts: Counter[Month] = field(default_factory=Counter)
    sums: defaultdict[tuple[Month, str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    later: int = 0
    fields: Counter[str] = field(default_factory=Counter)


def preview(system: str, only: str | None, as_of: date) -> None:
    """Print rows and monthly figures to the end of a day, of every stream or of `only` one. Raises StepError when it cannot be read."""
    source = open_source(system)
    try:
        streams = [stream for name, stream in mapping_of(system).streams.items() if only in (None, name)]
        if not streams:
            raise StepError(f"there is no stream {only}: choose one of {', '.join(mapping_of(system).streams)}")
        for stream in streams:
            try:
                print("\n".join(_told(stream, _read(source, stream, as_of), as_of)), flush=True)
            except RefusedError as error:
                if error.reaction != "skip":
                    raise
                print(f"{system} {stream.name}: {error}")
    finally:
        source.close()
    print("nothing was landed")


def _read(source: Source, stream: Stream, as_of: date) -> Seen:
    walk, seen = Walk(stream.system, stream.name, as_of, None, cutoff(as_of)), Seen()
    figures = figures_of(stream.system, stream.name)
    for number, page in enumerate(source.pages(stream, walk), 1):
        records, rejects = read_page(stream, walk, page.rows)
        seen.reasons.update(reject.reason for reject in rejects)
        for record in records:
            _note(seen, stream, record, figures)
        if number % PROGRESS_PAGES == 0:
            print(f"{stream.system} {stream.name}: {number} pages read", flush=True)
        if page.is_last:
            break
    seen.later = source.held_back(stream, walk)
    return seen


def _note(seen: Seen, stream: Stream, record: Record, figures: tuple[list[str], str, str]) -> None:
    amounts, dated_by, unit = figures
    if len(seen.rows) < ROWS:
        seen.rows.append(orjson.dumps(masked(stream, record.record)).decode())
    seen.fields.update(record.record.keys())
    zone = stream.changed.zone if stream.changed else ""
    created: datetime | None = moment_of(record.record.get(dated_by), zone)
    month = ("created" if created else "changed", f"{business_day(created or record.changed_at):%Y-%m}")
    seen.counts[month] += 1
    for name in amounts:
        currency = str(record.record.get(unit) or "")
        try:
            seen.sums[month, name, currency] += Decimal(str(record.record.get(name) or 0))
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


def _told(stream: Stream, seen: Seen, as_of: date) -> Iterator[str]:
    records = sum(seen.counts.values())
    yield f"{stream.system} {stream.name}: {records} records of {stream.object} to the end of {as_of}"
    yield from (f"  {row}" for row in seen.rows)
    yield from (f"  {count} cannot be read: {reason}" for reason, count in seen.reasons.most_common())
    empty = [name for name in stream.fields if not seen.fields[name]]
    if empty and records:
        yield f"  never filled: {', '.join(empty)}"
    if seen.later:
        yield f"  {seen.later} changed after {as_of} and are not counted"
    for month in sorted(seen.counts):
        sums = [_summed(stream, *key[1:], total) for key, total in sorted(seen.sums.items()) if key[0] == month]
        yield ", ".join([f"  {' '.join(month)}: {seen.counts[month]} records", *sums])


def _summed(stream: Stream, name: str, currency: str, total: Decimal) -> str:
    """A sum in the currency's unit, and in that of the system where its amounts are kept in another, as in ten thousands."""
    filled, unit = stream.filled_by.get(name), f" {currency}" if currency else ""
    shown = f" ({total / filled.scale:f} in the CRM's unit)" if filled and filled.scale else ""
    return f"{name} {total:.2f}{unit}{shown}"
