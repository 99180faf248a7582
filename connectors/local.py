"""A source that asks nobody: what lies in a folder of ours, or was handed to us. It stands where other sources keep their calls."""

from connectors.calls import Calls
from connectors.pacing import Patience


class NoCalls(Calls):
    """Nothing to sign in to, nothing to wait for; `requests` counts what was opened."""

    def __init__(self) -> None:
        self.title, self.tokens, self.patience, self.requests = "", None, Patience(), 0

    def close(self) -> None:
        """There is nothing to close."""
