"""Access tokens of the sandbox's messaging platforms: the same token comes back while it lives, and a test may end it early."""

import secrets
import time
from collections.abc import Callable

from sandbox.quota import Rules


class Tickets:
    """The token of one application; a restart forgets it. Its life is counted in our own seconds, as clients count it."""

    def __init__(self, rules: Rules, prefix: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rules, self._prefix, self._monotonic = rules, prefix, monotonic
        self._text, self._issued_at = "", 0.0

    def issue(self) -> tuple[str, int]:
        """The token and the seconds that it still lives."""
        now = self._monotonic()
        if not self._text or now - self._issued_at >= self._rules.token_life_s:
            self._text, self._issued_at = f"{self._prefix}_{secrets.token_hex(16)}", now
        return self._text, int(self._rules.token_life_s - (now - self._issued_at))

    def holds(self, text: str) -> bool:
        """Whether a token is the one that lives."""
        alive = self._monotonic() - self._issued_at < self._rules.token_life_s
        return bool(self._text) and alive and secrets.compare_digest(self._text.encode(), text.encode())

    def forget(self) -> None:
        """End the token at once."""
        self._text = ""
