"""The rows of a tenant's files as records and rejects, part by part, each dated by the row itself.

In: the parts of a stream and its walk. Out: what becomes of each wanted row of the walk's window; rows of days after it are counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from config.settings import settings
from connectors.decoding import fault, raw_text
from connectors.file_mapping import FileStream
from connectors.file_rows import RowError, changed_at, is_wanted, record_of
from connectors.files import Row, read_rows
from warehouse.clock import business_day, cutoff
from warehouse.landing import Record, Reject
from warehouse.steps import StepError
from warehouse.walks import Walk


@dataclass
class Reading:
    """One pass over one file for one walk; counts rows that belong to days after it."""

    name: str
    stream: FileStream
    zone: ZoneInfo
    walk: Walk
    told: set[tuple[str, datetime]] | None = None  # by the parts that were read before; None where there is one part
    held_back: int = 0

    def all(self) -> Iterator[Record | Reject]:
        """What becomes of each wanted row of the walk's window, in the file's order."""
        mine = set()
        for row in rows_of(self.stream):
            if not is_wanted(self.stream, row):
                continue
            try:
                record = self._record(row)
            except RowError as error:
                yield Reject(str(error), raw_text(row.cells), line_number=row.line)
                continue
            if record is None:
                self.held_back += 1
            elif self.told is None:
                yield record
            elif (key := (record.record_id, record.changed_at)) not in self.told:
                mine.add(key)
                yield record
        if self.told is not None:
            self.told |= mine

    def _record(self, row: Row) -> Record | None:
        record = record_of(self.name, self.stream, row, self.zone)
        found = fault(record)
        if found:
            raise RowError(f"the row holds {found}")
        end = self.walk.window_to
        dated = changed_at(self.name, self.stream, row, record, self.zone)
        changed = dated or cutoff(self.walk.as_of - timedelta(days=1))
        if changed >= end:
            return None
        is_late = dated is None or (self.walk.window_from is not None and changed < self.walk.window_from)
        known_at = end if is_late else _known_at(changed)
        return Record(str(record["id"]), record, changed, known_at, known_at < end)


def readings_of(name: str, parts: list[FileStream], zone: ZoneInfo, walk: Walk) -> list[Reading]:
    """A reading a part, the last part first: of two that tell of a record at one instant the later holds."""
    told: set[tuple[str, datetime]] | None = set() if len(parts) > 1 else None
    return [Reading(name, part, zone, walk, told) for part in reversed(parts)]


def digest_of(parts: list[FileStream]) -> str:
    """Of what the walk reads: a file that changed since begins anew."""
    files = [_folder() / part.file for part in parts]
    return sha256(b"".join(sha256(file.read_bytes()).digest() for file in files if file.exists())).hexdigest()[:12]


def named(parts: list[FileStream]) -> str:
    """The files of a stream, each once."""
    return ", ".join(dict.fromkeys(part.file for part in parts))


def rows_of(stream: FileStream) -> Iterator[Row]:
    return read_rows(
        _folder() / stream.file,
        encoding=stream.encoding,
        delimiter=stream.delimiter,
        sheet=stream.sheet,
        columns=stream.columns,
    )


def _known_at(changed: datetime) -> datetime:
    return cutoff(business_day(changed))


def _folder() -> Path:
    folder = settings().input_dir
    if folder is None or not folder.is_dir():
        raise StepError(f"the folder of files {folder or ''} does not exist: set LANDFALL_INPUT_DIR, then rerun")
    return folder
