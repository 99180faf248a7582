"""Our own filter for what leaves a process as text: secrets, phone numbers, mail addresses and what a server quotes of rows are taken out.

In: text for people or logs. Out: the same without them. The platform's own masker has failed before, so nothing relies on it.
"""

import io
import re
from collections.abc import Iterable
from typing import TextIO

from pydantic import SecretStr

from config.settings import secret_names, settings

HIDDEN = "***"
SHORTEST = 8  # a shorter secret would take words out of sentences
MOBILE = r"(?:\+?(?:00)?86[ -]?)?[1１][3-9３-９]\d(?:[ -]?\d{4}){2}"  # of the mainland, as people write it, also in full width
# Not within a longer number, an amount or a name: ids of systems and instants stay.
PHONE = re.compile(rf"(?<![\w.,-]){MOBILE}(?![\w.,]?\d)")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
QUOTED = re.compile(r"^((?:DETAIL|CONTEXT|HINT|STATEMENT|QUERY):).*$", re.MULTILINE)


def secrets_of(values: Iterable[object]) -> list[str]:
    """The texts of the secrets among `values`, longest first; one that lists several counts piece by piece too."""
    whole = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    pieces = [piece.partition("=")[2] for text in whole for piece in text.split(",") if "=" in piece]
    return sorted({text for text in (*whole, *pieces) if len(text) >= SHORTEST}, key=lambda text: (-len(text), text))


def without_secrets(text: str, known: Iterable[str]) -> str:
    """`text` without the secrets `known`."""
    for secret in known:
        text = text.replace(secret, HIDDEN)
    return text


def redacted(text: str, known: Iterable[str]) -> str:
    """`text` without secrets, phone numbers, mail addresses, and what PostgreSQL quotes of rows and statements."""
    text = QUOTED.sub(rf"\1 {HIDDEN}", without_secrets(text, known))
    return MAIL.sub(HIDDEN, PHONE.sub(HIDDEN, text))


class RedactingStream(io.TextIOBase):
    """A text stream that passes on line by line what may be passed on."""

    def __init__(self, inner: TextIO, known: list[str], *, is_strict: bool) -> None:
        self._inner, self._known, self._is_strict, self._kept = inner, known, is_strict, ""

    def write(self, text: str) -> int:
        """Pass on whole lines; the rest waits for its end."""
        *lines, self._kept = (self._kept + text).split("\n")
        for line in lines:
            self._pass(f"{line}\n")
        return len(text)

    def flush(self) -> None:
        """Pass on what waits."""
        if self._kept:
            self._pass(self._kept)
            self._kept = ""
        self._inner.flush()

    def _pass(self, text: str) -> None:
        self._inner.write(redacted(text, self._known) if self._is_strict else without_secrets(text, self._known))

    def fileno(self) -> int:
        """The descriptor behind it."""
        return self._inner.fileno()

    def isatty(self) -> bool:
        """Whether a person looks on."""
        return self._inner.isatty()


def known_secrets() -> list[str]:
    """The secrets of this process's settings."""
    now = settings()
    return secrets_of(getattr(now, name) for name in secret_names())
