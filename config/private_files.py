"""Files that the owner alone may read, written beside their place first, so that a killed writer leaves the old one.

In: the place and a text. Out: the file, whole or as it was.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(path: Path, text: str) -> Iterator[Path]:
    """A file with `text` beside `path`, for the block to move there; gone afterwards where it was not moved."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    try:
        fresh.write_text(text, "utf-8")
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one move."""
    with beside(path, text) as fresh:
        fresh.replace(path)
