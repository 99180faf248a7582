"""The refresh token of an application that a vendor replaces at each renewal: the newest one is kept, readable by the owner alone.

In: the token that a person got by authorising the app, from the settings. Out: the one that holds now. A new authorisation is another
token in the settings and so begins anew.
"""

from pathlib import Path

import orjson

from connectors.tokens import identity, write_private


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
        if fresh:
            write_private(self._path, {"refresh": fresh})
