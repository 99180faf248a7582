"""The refresh token of an application that a vendor replaces at each renewal: the newest one is kept, readable by the owner alone.

In: the token that a person got by authorising the app, from the settings. Out: the one that holds now. A new authorisation is another
token in the settings and so begins anew.
"""

import os
from hashlib import sha256
from pathlib import Path

import orjson


def identity(*parts: str) -> str:
    """A short name for an application's credentials, which are not to be read from it."""
    return sha256("\x1f".join(parts).encode()).hexdigest()[:16]


class Renewal:
    """The refresh tokens of one authorisation."""

    def __init__(self, folder: Path, system: str, authorised: str) -> None:
        self._authorised = authorised
        self._path = folder / f"{system}-{identity(authorised)}.renewal"

    def current(self) -> str:
        """The token to renew with."""
        try:
            return str(orjson.loads(self._path.read_bytes())["refresh"])
        except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError):
            return self._authorised

    def keep(self, fresh: str) -> None:
        """Remember the token that replaces the current one; an empty one replaces nothing."""
        if not fresh:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        waiting = self._path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(waiting, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps({"refresh": fresh}))
        waiting.replace(self._path)
