"""A tenant whose source is a folder of files: each night reads them whole and lands what is new, dated by the rows themselves.

In: the day and the mapping. Out: landed records known from the end of the day they happened on (reconstructed), those that a later night
sees for the first time from the end of that night's day on; rows that cannot be read in quarantine with their line. The mapping's stages,
maps and constants become business settings on the way.
"""

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, timedelta
from itertools import chain, islice
from zoneinfo import ZoneInfo

from config.settings import settings
from connectors.file_mapping import FileMapping, FileStream, load_mapping
from connectors.file_parts import digest_of, named, readings_of, rows_of
from connectors.walk import Tally
from warehouse import watermarks
from warehouse.business_settings import Setting, declare
from warehouse.clock import cutoff
from warehouse.landing import Record, Reject, land_page
from warehouse.steps import StepError, StepRun
from warehouse.streams import Declared, declare_streams
from warehouse.walks import Loading, Walk, begin, note_held_back, owed

PAGE = 20_000
REQUIRED_STREAMS = ("opportunities", "stage_changes")  # without them there is no forecast
OLDEST = timedelta(hours=36)  # one night without the files is bridged


def extract_files(connection: Loading, as_of: date, only: str | None, run: StepRun) -> None:
    """Read every file of the mapping (or `only` one stream) for `as_of`. Raises StepError naming file and next action."""
    mapping = _mapping()
    added = declare(connection, _declared(mapping), as_of, "mapping")
    streams = [Declared(name, "files", name in REQUIRED_STREAMS, OLDEST) for name in mapping.streams]
    declare_streams(connection, "files", streams, settings().systems)
    print(f"files: {mapping.name}; {added} business settings added")
    for name, parts in _chosen(mapping, only):
        tally = Tally(days=1)
        _walk(connection, name, parts, ZoneInfo(mapping.time_zone), as_of, tally)
        run.note(**{name: {**asdict(tally), "requests": 1}})
        print(
            f"files {name}: {tally.received} rows in {tally.pages} pages of {named(parts)}; {tally.landed} landed, "
            f"{tally.unchanged} unchanged, {tally.quarantined} quarantined, {tally.held_back} after {as_of}",
            flush=True,
        )


def preview(as_of: date, only: str | None) -> None:
    """Say what each file would bring for `as_of`; lands nothing."""
    mapping = _mapping()
    for name, parts in _chosen(mapping, only):
        walk = Walk("files", name, as_of, None, cutoff(as_of))
        readings = readings_of(name, parts, ZoneInfo(mapping.time_zone), walk)
        results = [isinstance(result, Record) for reading in readings for result in reading.all()]
        print(
            f"files {name}: would read {sum(results)} rows of {named(parts)}, quarantine {len(results) - sum(results)} and leave "
            f"{sum(reading.held_back for reading in readings)} for days after {as_of}; nothing was landed"
        )


def check_files() -> list[str]:
    """What keeps the mapping's files from being read; a line for each that can be."""
    faults = []
    try:
        mapping = _mapping()
        for name, part in ((name, part) for name, parts in mapping.streams.items() for part in parts):
            try:
                next(rows_of(part), None)
                print(f"files {name}: {part.file} can be read")
            except StepError as error:
                faults.append(str(error))
    except StepError as error:
        faults.append(str(error))
    return faults


def _walk(connection: Loading, name: str, parts: list[FileStream], zone: ZoneInfo, as_of: date, tally: Tally) -> None:
    ready = replace(
        owed(connection, "files", name, as_of, timedelta(0))[-1],
        window_from=watermarks.current(connection, "files", name),
        is_reconstructed=False,
    )
    walk = begin(connection, ready)
    digest = digest_of(parts)
    former, _, count = (walk.last_id or "").partition(":")
    done = int(count) if former == digest and count else 0
    readings = readings_of(name, parts, zone, walk)
    results = chain.from_iterable(reading.all() for reading in readings)
    next(islice(results, done, done), None)
    is_last = False
    while not is_last:
        page = list(islice(results, PAGE))
        is_last = len(page) < PAGE
        done += len(page)
        records = [each for each in page if isinstance(each, Record)]
        rejects = [each for each in page if isinstance(each, Reject)]
        opened = int(tally.pages == 0)
        tally.add(
            land_page(connection, walk, records, rejects, last_id=f"{digest}:{done}", requests=opened, is_last=is_last)
        )
    tally.held_back = sum(reading.held_back for reading in readings)
    note_held_back(connection, walk, tally.held_back, 0)


def _mapping() -> FileMapping:
    path = settings().mapping
    if path is None:
        raise StepError("no mapping is set: set LANDFALL_MAPPING to the YAML that maps the files' columns, then rerun")
    mapping = load_mapping(path)
    if mapping.time_zone != settings().time_zone:
        raise StepError(
            f"{path} says time zone {mapping.time_zone} and LANDFALL_TIME_ZONE is {settings().time_zone}: "
            "make them the same, since days end by it, then rerun"
        )
    return mapping


def _chosen(mapping: FileMapping, only: str | None) -> list[tuple[str, list[FileStream]]]:
    if only is not None and only not in mapping.streams:
        raise StepError(f"there is no stream {only}: choose one of {', '.join(mapping.streams)}")
    return [(name, parts) for name, parts in mapping.streams.items() if only in (None, name)]


def _declared(mapping: FileMapping) -> Iterator[Setting]:
    for code, stage in mapping.stages.items():
        said = stage.model_dump(exclude={"reason", "set_rate"})
        yield Setting("stage", code, {**said, "set_rate": format(stage.set_rate, "f")}, stage.reason)
    for process, values in mapping.stage_map.items():
        for value, code in values.items():
            yield Setting("stage_map", f"files|{process}|{value}", {"stage_code": code}, "the tenant's mapping")
    for kind, channel in mapping.interaction_kinds.items():
        yield Setting("interaction_kind", f"files|{kind}", {"channel": channel}, "the tenant's mapping")
    for key in ("base_currency", "snapshot_every_days", "name", "time_zone"):
        yield Setting("tenant", key, {"value": getattr(mapping, key)}, "the tenant's mapping")
