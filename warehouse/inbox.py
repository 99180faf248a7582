"""The inbox of the lead webhook: raw bodies as senders handed them in, in the vault, which `loader` alone reads.

In: an event whose sender is proven. Out: whether it is new; later, for a night, the events of a window. An event is known by its sender's
id for it and by its signature, so neither a repetition nor a replay under another id makes a second one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from warehouse.connection import connect
from warehouse.walks import Loading


@dataclass(frozen=True, slots=True)
class Event:
    """One event: who sent it, the sender's id for it, its signature and instant, and the body byte by byte."""

    source: str
    event_id: str
    signature: str
    sent_at: datetime
    raw: bytes


def keep(event: Event) -> Literal["kept", "known", "other"]:
    """Keep an event in a transaction of its own. known: it is there already; other: its id belongs to another body."""
    with connect("loader") as connection:
        added = connection.execute(
            "insert into vault.lead_inbox (source, event_id, signature, sent_at, raw) values (%s, %s, %s, %s, %s)"
            " on conflict do nothing returning inbox_id",
            (event.source, event.event_id, event.signature, event.sent_at, event.raw),
        ).fetchone()
        if added:
            return "kept"
        same = connection.execute(
            "select exists (select from vault.lead_inbox where source = %s and (signature = %s or (event_id = %s and raw = %s)))",
            (event.source, event.signature, event.event_id, event.raw),
        ).fetchone()
    return "known" if same and same[0] else "other"


def events(
    connection: Loading, start: datetime | None, end: datetime, behind: int, limit: int
) -> Iterator[tuple[int, Event]]:
    """At most `limit` events sent in [start, end) with a number greater than `behind`, by number; what was erased is left out."""
    rows = connection.execute(
        "select inbox_id, source, event_id, signature, sent_at, raw from vault.lead_inbox"
        " where sent_at >= coalesce(%s::timestamptz, '-infinity') and sent_at < %s and inbox_id > %s and raw <> ''"
        " order by inbox_id limit %s",
        (start, end, behind, limit),
    ).fetchall()
    return (
        (number, Event(source, event_id, signature, sent_at, bytes(raw)))
        for number, source, event_id, signature, sent_at, raw in rows
    )


def count_after(connection: Loading, end: datetime) -> int:
    """How many events were sent at or after `end`."""
    found = connection.execute(
        "select count(*) from vault.lead_inbox where sent_at >= %s and raw <> ''", (end,)
    ).fetchone()
    return int(found[0]) if found else 0
