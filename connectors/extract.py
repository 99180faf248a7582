"""The step `extract`: every stream of a system is read up to the end of a business day, missed days first.

In: the day, and one system or all that the tenant has. Out: landed records, finished walks, a line a stream. The watermark stays: the
landing gate moves it when it believes the data. A stream that a system does not grant, and a system that fails, are reported at the end;
the others are read all the same.
"""

from dataclasses import asdict, replace
from datetime import date, timedelta

from config.settings import settings
from connectors import file_walk
from connectors.calls import RefusedError
from connectors.reading import read_page
from connectors.source_fields import note_fields
from connectors.sources import Source, open_source
from connectors.streams import Stream, mapping_of
from connectors.walk import Tally, walk_stream
from warehouse.clock import cutoff
from warehouse.steps import StepError, StepRun, recorded
from warehouse.streams import Declared, declare_streams
from warehouse.vault import refuse_another_key
from warehouse.walks import Loading, Walk, loading, note_held_back, owed


def extract(as_of: date, system: str | None = None, only: str | None = None, *, dry_run: bool = False) -> None:
    """Read all streams (or `only` one) of `system`, or of all systems, for `as_of`. Raises StepError for what could not be read."""
    chosen = [system] if system else settings().systems
    if not chosen:
        raise StepError(
            "no source is connected: set LANDFALL_FXIAOKE_APP_ID and its secrets, "
            "or LANDFALL_INPUT_DIR and LANDFALL_MAPPING, then rerun"
        )
    failed: list[StepError] = []
    for name in chosen:
        try:
            _extract_system(name, as_of, only, dry_run=dry_run)
        except StepError as error:
            if len(chosen) == 1:
                raise
            print(f"{name}: {error}", flush=True)
            failed.append(error)
    if failed:
        raise failed[0]


def _extract_system(name: str, as_of: date, only: str | None, *, dry_run: bool) -> None:
    with loading(name) as connection:
        if not dry_run:
            refuse_another_key(connection)
        if name == "files":
            if dry_run:
                file_walk.preview(as_of, only)
                return
            with recorded("extract", as_of) as run:
                file_walk.extract_files(connection, as_of, only, run)
            return
        streams = list(mapping_of(name).streams.values())
        declare_streams(connection, name, [_declared(stream) for stream in streams], settings().systems)
        source = open_source(name)
        try:
            if dry_run:
                _preview(connection, source, as_of, _chosen(streams, only))
                return
            with recorded("extract", as_of) as run:
                run.note(system=name)
                _extract_streams(connection, source, as_of, _chosen(streams, only), run)
        finally:
            source.close()


def _declared(stream: Stream) -> Declared:
    return Declared(stream.name, stream.mode, stream.is_required, timedelta(hours=stream.max_age_hours))


def _chosen(streams: list[Stream], only: str | None) -> list[Stream]:
    found = [stream for stream in streams if only in (None, stream.name)]
    if not found:
        raise StepError(f"there is no stream {only}: choose one of {', '.join(stream.name for stream in streams)}")
    return found


def _extract_streams(connection: Loading, source: Source, as_of: date, streams: list[Stream], run: StepRun) -> None:
    refused: list[str] = []
    for stream in streams:
        sent, waits = source.calls.requests, source.calls.patience.waits
        tally = Tally()
        try:
            for each in walks_owed(connection, stream, as_of):
                walk = walk_stream(connection, source, stream, each, tally)
            before = source.calls.requests
            tally.held_back = source.held_back(stream, walk)
            note_held_back(connection, walk, tally.held_back, source.calls.requests - before)
        except RefusedError as error:
            if error.reaction != "skip":
                raise
            refused.append(str(error))
            print(f"{stream.system} {stream.name}: {error}", flush=True)
            continue
        for field in note_fields(connection, source, stream, as_of):
            print(
                f"{stream.system} {stream.name}: the field {field} is new, and not read unless the mapping names it",
                flush=True,
            )
        requests = source.calls.requests - sent
        run.note(**{stream.name: {**asdict(tally), "requests": requests}})
        print(line(stream, tally, f"{requests} requests, {source.calls.patience.waits - waits} waits"), flush=True)
    if refused:
        raise StepError(refused[0])


def walks_owed(connection: Loading, stream: Stream, as_of: date) -> list[Walk]:
    """The walks that bring the stream to the end of `as_of`. A source that shows only its present state owes the last day alone, as does
    one of figures of days: that walk's window begins early enough for all missed days and those that are read again."""
    minutes = settings().look_back_minutes if stream.look_back_minutes is None else stream.look_back_minutes
    fields = stream.projection if stream.mode == "changed" else []
    walks = owed(connection, stream.system, stream.name, as_of, timedelta(minutes=minutes), fields)
    if stream.mode == "days" and walks[0].window_from is not None:
        again = cutoff(walks[0].as_of - timedelta(days=stream.reread_days + 1))
        return [replace(walks[-1], window_from=min(walks[0].window_from, again))]
    return walks if stream.mode == "changed" else walks[-1:]


def line(stream: Stream, tally: Tally, sent: str) -> str:
    """The progress line of one stream: counts only."""
    notes = [
        f", {count} {word}" for count, word in ((tally.deleted, "deleted"), (tally.held_back, "held back")) if count
    ]
    days = f" for {tally.days} days" if tally.days > 1 else ""
    return (
        f"{stream.system} {stream.name}: {tally.received} rows{days} in {tally.pages} pages, {sent}; {tally.landed} landed, "
        f"{tally.unchanged} unchanged, {tally.echoed} echoed, {tally.quarantined} quarantined{''.join(notes)}"
    )


def _preview(connection: Loading, source: Source, as_of: date, streams: list[Stream]) -> None:
    for stream in streams:
        walks = walks_owed(connection, stream, as_of)
        page = next(iter(source.pages(stream, walks[-1])))
        records, rejects = read_page(stream, walks[-1], page.rows)
        print(
            f"{stream.system} {stream.name}: would walk {len(walks)} days up to {as_of}; the first page of the last one "
            f"has {len(records)} records and {len(rejects)} unreadable ones; nothing was landed"
        )
