"""Access tokens of the company's advertising accounts: handed out for a refresh token, good for a while, forgotten at a restart.

The refresh token of the settings stands for a fresh authorisation and always holds; of those that replace it, the newest alone does.
"""

import secrets
import time
from collections.abc import Callable

from sandbox.quota import Rules


class Bearer:
    """The tokens of one running server. `rotates`: each renewal replaces the refresh token and the former one is void."""

    def __init__(
        self, rules: Rules, refresh: str, *, rotates: bool, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rules, self._refresh, self._rotates, self._monotonic = rules, refresh, rotates, monotonic
        self._issued: dict[str, float] = {}
        self._renewals = 0

    def renew(self, refresh: str) -> tuple[str, str] | None:
        """A fresh access token and the refresh token for the next time; None for one that is void."""
        stem, _, count = refresh.partition(".")
        number = int(count) if count.isdigit() else 0
        if stem != self._refresh or (count and number < self._renewals):
            return None
        self._renewals = max(number, self._renewals) + 1
        token = secrets.token_hex(16)
        self._issued[token] = self._monotonic()
        return token, f"{self._refresh}.{self._renewals}" if self._rotates else refresh

    def holds(self, token: str) -> bool:
        """Whether the access token was issued here and has not expired."""
        at = self._issued.get(token)
        return at is not None and self._monotonic() - at < self._rules.token_life_s

    def forget(self) -> None:
        """Let every access token expire."""
        self._issued.clear()
