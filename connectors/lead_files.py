"""Lists of leads that people drop in a folder (exhibitions, exports of advertising platforms), read whole each night.

In: the folder that LANDFALL_LEAD_FILES_DIR names and the tenant's channels. Out: a page a file, counted by itself: its rows = landed +
unchanged + quarantined. A row without an id of its own has file and line for one. A file that cannot be read is set aside as a whole and
does not keep the others from being read.
"""

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.settings import settings
from connectors.decoding import raw_text
from connectors.file_mapping import FileStream
from connectors.file_rows import RowError, is_wanted, record_of
from connectors.files import Row, read_rows
from connectors.lead_channels import channels, reachable
from connectors.local import NoCalls
from connectors.sources import Page, Source
from connectors.streams import Stream
from warehouse.landing import Reject
from warehouse.parts import Part
from warehouse.steps import StepError
from warehouse.walks import Walk

PAGE = 5_000
OPTIONAL = frozenset(
    {"name", "company", "industry", "region", "campaign", "message", "submitted_at"}
)  # columns a list may lack


def source() -> "LeadFiles":
    """The tenant's folder, as the settings name it."""
    return LeadFiles()


class LeadFiles(Source):
    """One folder of lists."""

    def __init__(self) -> None:
        super().__init__(NoCalls())
        self._zone = ZoneInfo(settings().time_zone)

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """Every file, channel by channel. Cursor: file, digest of its content, rows done; a file that changed since begins anew."""
        files = self._files()
        name, digest, count = [*(walk.last_id or "").rsplit(":", 2), "", ""][:3]
        names = [path.name for _, _, path in files]
        for place in range(names.index(name) if name in names else 0, len(files)):
            channel, mapped, path = files[place]
            now = sha256(path.read_bytes()).hexdigest()[:12]
            done = int(count) if (name, digest) == (path.name, now) else 0
            self.calls.requests += 1
            results = self._results(channel, mapped, path)
            next(islice(results, done, done), None)
            begins = done == 0
            while rows := list(islice(results, PAGE)):
                done += len(rows)
                yield Page(rows, f"{path.name}:{now}:{done}", is_last=False, part=Part(path.name, begins))
                begins = False
            if begins and done == 0:
                yield Page([], f"{path.name}:{now}:0", is_last=False, part=Part(path.name, begins=True))
        yield Page([], None, is_last=True)

    def faults(self, stream: Stream) -> list[str]:
        """Files that cannot be read, and files that belong to no channel."""
        found = []
        files = self._files()
        for _, mapped, path in files:
            try:
                next(_rows(mapped, path), None)
            except StepError as error:
                found.append(str(error))
        known = {path for _, _, path in files}
        strangers = sorted(path.name for path in _folder().iterdir() if path.is_file() and path not in known)
        return found + [
            f"{name} belongs to no channel: name it in lead_channels.yml or take it away" for name in strangers
        ]

    def _files(self) -> list[tuple[str, FileStream, Path]]:
        folder = _folder()
        return [
            (name, mapped, path)
            for name, mapped in channels().items()
            for path in sorted(folder.glob(mapped.file))
            if path.is_file()
        ]

    def _results(self, channel: str, mapped: FileStream, path: Path) -> Iterator[dict[str, Any] | Reject]:
        """What becomes of each wanted row of a file: a record, or a reject that names file, line and column."""
        called = {field: " + ".join(given.columns) for field, given in mapped.fields.items()}
        try:
            for row in _rows(mapped, path):
                if not is_wanted(mapped, row):
                    continue
                try:
                    record = reachable(record_of("leads", mapped, row, self._zone), called)
                    lead_id = _lead_id(mapped, record, path, row)
                    yield {**record, "channel": channel, "lead_id": lead_id, "file": path.name, "line": row.line}
                except RowError as error:
                    yield Reject(f"{path.name}: {error}", raw_text(row.cells), line_number=row.line)
        except StepError as error:
            yield Reject(str(error), path.name.encode())


def _lead_id(mapped: FileStream, record: dict[str, Any], path: Path, row: Row) -> str:
    if "lead_id" not in mapped.fields:
        return f"{path.name}:{row.line}"
    if "lead_id" not in record:
        raise RowError(f"{' + '.join(mapped.fields['lead_id'].columns)} is empty")
    return str(record["lead_id"])


def _rows(mapped: FileStream, path: Path) -> Iterator[Row]:
    needed = {column for field, given in mapped.fields.items() if field not in OPTIONAL for column in given.columns}
    needed |= {condition.column for condition in mapped.where}
    return read_rows(path, encoding=mapped.encoding, delimiter=mapped.delimiter, sheet=mapped.sheet, columns=needed)


def _folder() -> Path:
    folder = settings().lead_files_dir
    if not folder or not Path(folder).is_dir():
        raise StepError(f"the folder of leads {folder} does not exist: set LANDFALL_LEAD_FILES_DIR, then rerun")
    return Path(folder)
