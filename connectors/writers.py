"""What every place that takes scores looks like to the step `writeback`, and how the tenant's own is opened.

A place is one module, `connectors/writer_<name>.py`, with a function `writer(as_of)` that opens it without asking anything yet; its name
is a value of LANDFALL_WRITEBACK. Adding one: that module, the name in `config/settings.py`, where it needs them the mapping's write_back.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib import import_module
from typing import Any, Protocol, cast

from connectors.streams import Target, WriteBack
from warehouse.receipts import Entity, Message, Outcome
from warehouse.steps import StepError

WHOLE_BUILD = 0
LONGEST_TEXT = 500


class Writer(Protocol):
    """One opened place. `batch`: most records of one call; WHOLE_BUILD: all of the build in one move, what was acknowledged included.
    `entities`: what its records are, the more important kind first."""

    batch: int
    entities: tuple[Entity, ...]

    def takes(self, message: Message) -> bool:
        """Whether the message is for this place."""
        ...

    def prepare(self, due: Sequence[Message]) -> None:
        """Told once, before anything is sent or read back, all that is due."""
        ...

    def values(self, message: Message) -> dict[str, Any]:
        """What the place is sent for one message, by the place's own names."""
        ...

    def write(self, batch: Sequence[Message]) -> list[Outcome]:
        """Send one call; one outcome a message, in the order of `batch`. `unknown`: it may have been done; `unprocessed`: it was not.

        Raises RefusedError with reaction `stop` when nothing else will get through either, UnansweredError when the whole call is unknown.
        """
        ...

    def holds(self, message: Message) -> bool:
        """Whether the place shows the message's values, asked when a send's outcome is unknown. Raises RefusedError, UnansweredError."""
        ...

    def wait(self, attempt: int) -> None:
        """Wait before attempt number `attempt` + 1."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def open_writer(name: str, as_of: date) -> Writer:
    """Open the place that LANDFALL_WRITEBACK names, for one business day."""
    return cast("Writer", import_module(f"connectors.writer_{name}").writer(as_of))


def targeted(mapping: WriteBack, payload: dict[str, Any], wire: Callable[[Target, Any], Any]) -> dict[str, Any]:
    """The payload by the place's fields, each value by `wire`. Raises StepError for a key that the payload lacks."""
    missing = sorted(mapping.fields.keys() - payload.keys())
    if missing:
        raise StepError(f"the payload has no {missing[0]}: correct write_back in the tenant's mapping, then rerun")
    return {target.field: wire(target, payload[key]) for key, target in mapping.fields.items()}


def shows(shown: Any, sent: Any) -> bool:
    """Whether a field shows what was sent; a cleared one may be absent, empty or null, a number may be written otherwise."""
    if sent is None or shown in (None, ""):
        return sent is None and shown in (None, "")
    try:
        return Decimal(str(shown)) == Decimal(str(sent))
    except InvalidOperation:
        return str(shown) == str(sent)


def text_of(value: Any) -> str:
    """A value as text; of a list, its members side by side."""
    return "；".join(map(str, value)) if isinstance(value, list) else str(value)
