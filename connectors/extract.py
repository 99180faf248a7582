"""The step `extract`: every stream of the tenant is read up to the end of a business day, missed days first.

In: the day. Out: landed records, finished walks, a line a stream. The watermark stays: the landing gate moves it when it believes the data.
A stream that the CRM does not grant is reported at the end; the others are read all the same.
"""

from dataclasses import asdict
from datetime import date, timedelta

from config.settings import settings
from connectors import file_walk
from connectors.fxiaoke import PAGE, Fxiaoke
from connectors.fxiaoke_codes import RefusedError
from connectors.streams import Stream, crm_mapping
from connectors.walk import Tally, count_held_back, read_page, walk_stream, window_filters
from warehouse.steps import StepError, StepRun, recorded
from warehouse.walks import Loading, loading, owed


def extract(as_of: date, only: str | None = None, *, dry_run: bool = False) -> None:
    """Read all streams (or `only` one) for `as_of`. Raises StepError when a system or a stream could not be read."""
    with loading() as connection:
        if settings().mapping:
            if dry_run:
                file_walk.preview(as_of, only)
                return
            with recorded("extract", as_of) as run:
                file_walk.extract_files(connection, as_of, only, run)
            return
        crm = Fxiaoke()
        try:
            if dry_run:
                _preview(connection, crm, as_of, _chosen(only))
                return
            with recorded("extract", as_of) as run:
                _extract_crm(connection, crm, as_of, _chosen(only), run)
        finally:
            crm.close()


def _chosen(only: str | None) -> list[Stream]:
    streams = crm_mapping().streams
    if only is None:
        return list(streams.values())
    if only not in streams:
        raise StepError(f"there is no stream {only}: choose one of {', '.join(streams)}")
    return [streams[only]]


def _extract_crm(connection: Loading, crm: Fxiaoke, as_of: date, streams: list[Stream], run: StepRun) -> None:
    refused: list[str] = []
    for stream in streams:
        sent, waits = crm.requests, crm.patience.waits
        tally = Tally()
        try:
            walks = owed(connection, "fxiaoke", stream.name, as_of, timedelta(minutes=settings().look_back_minutes))
            for each in walks:
                walk = walk_stream(connection, crm, stream, each, tally)
            tally.held_back = count_held_back(connection, crm, stream, walk, settings().fxiaoke_user_id)
        except RefusedError as error:
            if error.reaction != "skip":
                raise
            refused.append(str(error))
            print(f"fxiaoke {stream.name}: {error}", flush=True)
            continue
        run.note(**{stream.name: {**asdict(tally), "requests": crm.requests - sent}})
        print(
            line("fxiaoke", stream.name, tally, f"{crm.requests - sent} requests, {crm.patience.waits - waits} waits"),
            flush=True,
        )
    if refused:
        raise StepError(refused[0])


def line(system: str, stream: str, tally: Tally, sent: str) -> str:
    """The progress line of one stream: counts only."""
    held = f", {tally.held_back}{'+' if tally.held_back >= PAGE else ''} held back" if tally.held_back else ""
    days = f" for {tally.days} days" if tally.days > 1 else ""
    return (
        f"{system} {stream}: {tally.received} rows{days} in {tally.pages} pages, {sent}; {tally.landed} landed, "
        f"{tally.unchanged} unchanged, {tally.echoed} echoed, {tally.quarantined} quarantined{held}"
    )


def _preview(connection: Loading, crm: Fxiaoke, as_of: date, streams: list[Stream]) -> None:
    for stream in streams:
        walks = owed(connection, "fxiaoke", stream.name, as_of, timedelta(minutes=settings().look_back_minutes))
        rows = crm.query(stream.object, window_filters(walks[-1], None), stream.projection)
        records, rejects = read_page(stream, walks[-1], rows)
        print(
            f"fxiaoke {stream.name}: would walk {len(walks)} days up to {as_of}; the first page of the last one "
            f"has {len(records)} records and {len(rejects)} unreadable ones; nothing was landed"
        )
