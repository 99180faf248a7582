"""Looks for personal values in the files under home, packed ones too: an Excel book, a `.gz` or a `.zip` is opened.

In: the values in all their spellings. Out: the files that hold one, and those that cannot be looked into. Not looked at: the company that
is a source, and the server's data files, which the tables speak for.
"""

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO

from config.settings import settings
from warehouse.spellings import LONGEST_PHONE, Spellings

NOT_OURS = (("sandbox",), ("postgres", "data"))
CHUNK = 1 << 20  # bytes read of a file at a time
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
SEALED = {  # first bytes → what it is: packed piece by piece, so that no reader of ours could look into it as a whole
    b"PGDMP": "a dump of PostgreSQL", b"PAR1": "Parquet", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7z", b"Rar!": "rar", b"\xd0\xcf\x11\xe0": "an old Office file", b"%PDF": "PDF",
}  # fmt: skip

Stream = IO[bytes] | gzip.GzipFile


def ours(home: Path) -> Iterator[Path]:
    """The files under `home` that are landfall's, in the order of their names."""
    for path in sorted(home.rglob("*")):
        parts = path.relative_to(home).parts
        if not any(parts[: len(other)] == other for other in NOT_OURS) and path.is_file():
            yield path


def search(spelled: Spellings) -> Iterator[tuple[Path, str]]:
    """(file, "") of each that holds one of the values, (file, why) of each that cannot be looked into."""
    phones = [re.compile(phone.encode()) for phone in spelled.phones]
    for path in ours(settings().home):
        try:
            held = [_holds(stream, spelled.in_bytes, phones) for stream in _opened(path)]
            if any(held):
                yield path, ""
        except FileNotFoundError:  # it went while we looked
            continue
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, _Sealed) as why:
            yield path, str(why) or type(why).__name__


class _Sealed(Exception):  # noqa: N818 - no fault, a kind of file
    """A file that is packed in a way that is not opened; the message says which."""


def _opened(path: Path) -> Iterator[Stream]:
    with path.open("rb") as file:
        first = file.read(8)
        file.seek(0)
        if kind := next((kind for mark, kind in SEALED.items() if first.startswith(mark)), None):
            raise _Sealed(kind)
        if first.startswith(GZIP):
            yield gzip.GzipFile(fileobj=file)
        elif first.startswith(ZIP):
            with zipfile.ZipFile(file) as packed:
                for name in packed.infolist():
                    with closing(packed.open(name)) as member:
                        yield member
        else:
            yield file


def _holds(file: Stream, forms: Sequence[bytes], phones: Sequence[re.Pattern[bytes]]) -> bool:
    longest = max(LONGEST_PHONE, *map(len, forms))
    kept = b""
    while chunk := file.read(CHUNK):
        kept = kept[-longest:] + chunk
        if any(form in kept for form in forms) or any(phone.search(kept) for phone in phones):
            return True
    return False
