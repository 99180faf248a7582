"""The step `history`: at go-live the past comes from a bulk export of the source, once; afterwards every night comes through the API.

In: the export's folder (LANDFALL_HISTORY_DIR) and what it may tell (LANDFALL_HISTORY: full, stage_only, none). Out: landed versions marked
reconstructed, each known from the end of its own day on, and the signed targets as settings. With a full export the watermark stands at
the end of go-live, and the first night reads on from there; with a stage log only, the first night reads every record as it is that day,
since fields without dated history are unknown before. Of Salesforce no export is needed: its own history is asked for.
"""

import csv
import time
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import orjson

from config.settings import settings
from connectors.privacy import protect, scrub
from connectors.replay import full_versions, stage_versions
from connectors.salesforce_past import load_past
from connectors.streams import StageLog, Stream, mapping_of, mapping_path
from connectors.walk import Tally
from warehouse import watermarks
from warehouse.business_settings import Setting, declare
from warehouse.clock import cutoff
from warehouse.landing import Record, Reject, land_page
from warehouse.steps import StepError, recorded
from warehouse.walks import Loading, Walk, begin, has_finished, loading

PAGE = 20_000
KIND = "history"


def load_history(as_of: date, go_live: date | None = None) -> None:
    """Load the go-live export unless it is loaded already. `go_live`: its last day, where its manifest does not say.

    Raises StepError when the export is missing, cannot be read, or ends after `as_of`.
    """
    mode = settings().history
    if mode != "none" and "salesforce" in settings().systems:
        load_past(as_of)
    if mode == "none" or "fxiaoke" not in settings().systems:
        print("history: no export is to be loaded")
        return
    mapping = mapping_of("fxiaoke")
    log = mapping.stage_log if mode == "stage_only" else None
    if mode == "stage_only" and log is None:
        raise StepError(f"{mapping_path('fxiaoke')} has no stage_log: add it or set LANDFALL_HISTORY to full or none")
    streams = [mapping.streams[log.stream]] if log else list(mapping.streams.values())
    with loading("fxiaoke") as connection, recorded("history", as_of) as run:
        missing = [stream for stream in streams if watermarks.current(connection, "fxiaoke", stream.name) is None]
        if mode == "stage_only":
            missing = [stream for stream in missing if not has_finished(connection, "fxiaoke", stream.name, KIND)]
        if not missing:
            print("history: loaded already")
            return
        folder = _folder()
        last_day = go_live or _last_day(folder)
        if last_day > as_of:
            raise StepError(
                f"the export in {folder} ends on {last_day}, after {as_of}: run a night of that day or later"
            )
        run.note(targets=declare(connection, _told(folder), last_day, KIND))
        for stream in missing:
            if not has_finished(connection, "fxiaoke", stream.name, KIND):
                tally = _load(connection, folder, stream, log, last_day)
                run.note(**{stream.name: tally.landed})
            if mode == "full":
                with connection.transaction():
                    watermarks.move(connection, "fxiaoke", stream.name, cutoff(last_day), last_day)


def _load(connection: Loading, folder: Path, stream: Stream, log: StageLog | None, last_day: date) -> Tally:
    started, tally, end = time.monotonic(), Tally(), cutoff(last_day)
    walk = begin(connection, Walk("fxiaoke", stream.name, last_day, None, end, is_reconstructed=True), kind=KIND)
    versions = stage_versions(folder, stream, log) if log else full_versions(folder, stream)
    done = int(walk.last_id or 0)
    results = _until(versions, end)
    next(islice(results, done, done), None)
    is_last = False
    while not is_last:
        page = list(islice(results, PAGE))
        is_last = len(page) < PAGE
        done += len(page)
        records = [each for each in page if isinstance(each, Record)]
        rejects = [each for each in page if isinstance(each, Reject)]
        scrub(connection, stream, [record.record for record in records], walk.load_id)
        protect(connection, [record.record for record in records], stream.classified, walk.load_id)
        tally.add(
            land_page(
                connection, walk, records, rejects, last_id=str(done), is_last=is_last, bookkeeping=stream.bookkeeping
            )
        )
    print(
        f"history {stream.name}: {tally.landed} versions landed, {tally.unchanged} unchanged, {tally.quarantined} quarantined, "
        f"{time.monotonic() - started:.0f} s",
        flush=True,
    )
    return tally


def _until(results: Iterator[Record | Reject], end: datetime) -> Iterator[Record | Reject]:
    """What happened before `end`; an export may not tell of later days."""
    return (each for each in results if isinstance(each, Reject) or each.changed_at < end)


def _folder() -> Path:
    folder = settings().history_dir
    if folder is None or not folder.is_dir():
        raise StepError(
            f"the go-live export {folder or ''} does not exist: set LANDFALL_HISTORY_DIR to its folder, "
            "or LANDFALL_HISTORY to none, then rerun"
        )
    return folder


def _last_day(folder: Path) -> date:
    try:
        return date.fromisoformat(orjson.loads((folder / "manifest.json").read_bytes())["go_live"])
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError, ValueError) as error:
        raise StepError(
            f"{folder / 'manifest.json'} does not name the export's last day as go_live: give --go-live, then rerun"
        ) from error


def _told(folder: Path) -> Iterator[Setting]:
    """What finance hands over with the export: targets, the signed sheet they come from, and the ledger's receivables."""
    for kind, name, first, second in (
        ("target", "targets.csv", "node_id", "period_id"),
        ("signed_target", "signed_targets.csv", "node_id", "period_id"),
        ("ledger_balance", "ledger_balances.csv", "day", "customer_number"),
    ):
        path = folder / name
        if not path.exists():
            continue
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                value = {"gross_amount": row["gross_amount"]}
                yield Setting(kind, f"{row[first]}|{row[second]}", value, "the go-live export")
