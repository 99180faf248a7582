"""What a folder of exported files is made of: encoding, delimiter, headings, and what the cells of each column could be.

In: a folder. Out: each file with its columns and all rows, as onboarding looks at them. Nothing is landed.
"""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from connectors.catalogue import TenantField
from connectors.file_rows import kinds_of
from connectors.files import read_rows
from connectors.onboard_fields import Sample
from warehouse.steps import StepError

SUFFIXES = (".csv", ".csv.gz", ".txt", ".txt.gz", ".xlsx", ".xlsm", ".parquet")
DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT = 500  # rows that say what a column holds
# Our kinds of field, as onboarding calls a vendor's; a column of days may be an instant too.
TYPES = {"instant": "date_time", "flag": "true_or_false", "amount": "number"}


@dataclass(frozen=True)
class Export:
    """One file of the folder, as it must be read."""

    path: Path
    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    rows: Sequence[dict[str, str]]

    @cached_property
    def fields(self) -> list[TenantField]:
        """Its columns, typed by their first cells."""
        return [TenantField(name, name, self._type(name)) for name in self.headings if name]

    @cached_property
    def sample(self) -> Sample:
        """Its first rows."""
        return Sample(self.rows[:LOOKED_AT])

    def values(self, column: str) -> list[str]:
        """What the column holds, each value once, in the order of the file."""
        return list(dict.fromkeys(cell for row in self.rows if (cell := row.get(column, "").strip())))

    def filled(self, column: str) -> int:
        """How many rows hold something in the column."""
        return sum(1 for row in self.rows if row.get(column, "").strip())

    def is_key(self, column: str) -> bool:
        """Whether no two rows hold the same value of the column."""
        filled = [cell for row in self.rows if (cell := row.get(column, "").strip())]
        return bool(filled) and len(filled) == len(set(filled))

    def _type(self, column: str) -> str:
        found = kinds_of([row.get(column, "") for row in self.rows[:LOOKED_AT]])
        return next((theirs for ours, theirs in TYPES.items() if ours in found), "text")


def exports(folder: Path) -> list[Export]:
    """Every file of the folder that can be read, by name. Raises StepError when there is none."""
    if not folder.is_dir():
        raise StepError(f"{folder} is no folder: give the folder that holds the exported files")
    found = [_opened(path) for path in sorted(folder.iterdir()) if path.name.lower().endswith(SUFFIXES)]
    if not found:
        raise StepError(
            f"{folder} holds no file of a kind that is read ({', '.join(SUFFIXES)}): export into it, then rerun"
        )
    return found


def _opened(path: Path) -> Export:
    encoding, delimiter = ("utf-8", ",") if path.suffix in (".xlsx", ".xlsm", ".parquet") else _written(path)
    rows = [
        row.cells
        for row in read_rows(path, encoding=encoding, delimiter=delimiter, sheet=None, columns=set())
        if not row.is_torn
    ]
    return Export(path, encoding, delimiter, tuple(rows[0]) if rows else (), rows)


def _written(path: Path) -> tuple[str, str]:
    """Encoding and delimiter of a text file: UTF-8 where every byte fits it, else the Chinese one; what its heading has most of."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        raw.decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = "gb18030"
    heading = raw.splitlines()[0].decode(encoding, "replace") if raw else ""
    return encoding, max(DELIMITERS, key=heading.count)
