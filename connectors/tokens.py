"""A system's access token, shared by processes: fetched by one at a time, kept in a file only we can read, renewed before it ends.

In: a function that fetches a fresh token. Out: the token that holds now. Wall-clock time serves the token's age alone.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from config import private_files

LONGEST_USE_S = 6600.0  # the vendor issues a second token beside the first from then on


def identity(*parts: str) -> str:
    """A short name for an application's credentials, which are not to be read from it."""
    return sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def write_private(path: Path, payload: dict[str, Any]) -> None:
    """Replace the file by `payload` as JSON, in a folder of the owner's own."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private_files.write_private(path, orjson.dumps(payload).decode())


@dataclass(frozen=True, slots=True)
class Token:
    """`company` is the vendor's id of the tenant that goes with the token."""

    access: str
    company: str
    expires_in_s: float


class TokenStore:
    """Tokens of one application of one system, in `folder`/`name`.json, readable by the owner alone."""

    def __init__(self, folder: Path, name: str, fetch: Callable[[], Token]) -> None:
        self._folder, self._path, self._fetch = folder, folder / f"{name}.json", fetch

    def get(self, *, instead_of: Token | None = None) -> Token:
        """The token that holds, fetched when there is none, when it ages, or when it is the refused one (`instead_of`)."""
        with self._alone():
            kept = self._read()
            if kept is not None and kept != instead_of:
                return kept
            fresh = self._fetch()
            self._write(fresh)
            return fresh

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600), "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _read(self) -> Token | None:
        try:
            kept = orjson.loads(self._path.read_bytes())
            return Token(**kept["token"]) if time.time() < kept["good_until"] else None
        except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError):
            return None

    def _write(self, token: Token) -> None:
        good_until = time.time() + min(LONGEST_USE_S, token.expires_in_s * 11 / 12)
        write_private(self._path, {"token": asdict(token), "good_until": good_until})
