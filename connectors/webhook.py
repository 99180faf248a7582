"""What the webhook took in, mapped to leads: a night's walk over the inbox.

In: the raw bodies of the walk's window, by the sender's own instant. Out: leads by the standard fields; a sender that calls one of them
otherwise has it said in the stream's options (`<sender>.<field>: path.in.its.body`). A lead that its sender says is deleted (`is_deleted`:
true, with its lead_id) becomes a tombstone. What cannot be mapped is set aside with its reason.
"""

from collections.abc import Iterator
from typing import Any

from connectors.decoding import UndecodableError, decode
from connectors.file_rows import RowError
from connectors.lead_channels import reachable
from connectors.local import NoCalls
from connectors.reading import milliseconds
from connectors.sources import Page, Source
from connectors.streams import Stream
from connectors.webhook_signing import secrets
from warehouse import inbox
from warehouse.connection import connect
from warehouse.inbox import Event
from warehouse.landing import Reject
from warehouse.walks import Walk

PAGE = 500
OWN = ("source", "event_id", "sent_at")
DELETED = "is_deleted"


def source() -> "Webhook":
    """The tenant's inbox."""
    return Webhook()


class Webhook(Source):
    """The inbox of one tenant."""

    def __init__(self) -> None:
        super().__init__(NoCalls())
        self._connection = connect("loader", autocommit=True)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """The events of the walk's window, in the order in which they came. Cursor: the number of the last one."""
        behind, is_last = int(walk.last_id or 0), False
        while not is_last:
            found = list(inbox.events(self._connection, walk.window_from, walk.window_to, behind, PAGE))
            behind = found[-1][0] if found else behind
            is_last = len(found) < PAGE
            self.calls.requests += 1
            yield Page([mapped(stream, event) for _, event in found], str(behind), is_last)

    def held_back(self, stream: Stream, walk: Walk) -> int:
        """How many events were sent after the window's end."""
        return inbox.count_after(self._connection, walk.window_to)

    def faults(self, stream: Stream) -> list[str]:
        """Whether senders and their secrets are set as they should be."""
        secrets()
        return []


def mapped(stream: Stream, event: Event) -> dict[str, Any] | Reject:
    """The lead of an event, or why it is none."""
    try:
        body = decode(event.raw)
    except UndecodableError:
        return Reject("the body is no JSON", event.raw, event.event_id)
    called = {
        field: stream.options.get(f"{event.source}.{field}", field) for field in stream.projection if field not in OWN
    }
    told = {field: value for field, path in called.items() if (value := _text(body, path)) is not None}
    own = {"source": event.source, "event_id": event.event_id, "sent_at": milliseconds(event.sent_at)}
    if _at(body, called.get(DELETED, DELETED)) is True:
        if "lead_id" not in told:
            return Reject(f"{event.source}: a deletion names no lead_id", event.raw, event.event_id)
        return {"lead_id": told["lead_id"], DELETED: True, **own}
    try:
        told = reachable(told, called)
    except RowError as error:
        return Reject(f"{event.source}: {error}", event.raw, event.event_id)
    return {"lead_id": event.event_id, **told, **own}


def _at(body: Any, path: str) -> Any:
    """What stands at a path of names."""
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _text(body: Any, path: str) -> str | None:
    """The text or number at a path of names, as text; None where there is none or it is empty."""
    found = _at(body, path)
    text = str(found).strip() if isinstance(found, str | int | float) and not isinstance(found, bool) else ""
    return text or None
