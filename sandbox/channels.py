"""The company's marketing channels: what each of them holds of the leads that reached the CRM, and the few that never did.

In: the creations of leads in the CRM's journal; a lead that is deleted there stays in its channel. Out: inquiries by channel, oldest first,
with ids of the channel's own. Everything follows from the lead's id, so it is the same each time and costs the company's founding nothing.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

import orjson

from sandbox.company.names import person_name
from sandbox.store import Store

CHANNEL_OF_SOURCE = {  # a lead's source in the CRM, before and after its option values changed → the channel that brought it
    "website": "hubspot",
    "baidu": "baidu",
    "sem_baidu": "baidu",
    "wechat": "tencent",
    "wechat_official": "tencent",
    "fair": "fair",
    "douyin": "douyin",
}
STRAY_EVERY = 97  # of this many inquiries one has a neighbour that nobody typed into the CRM
UNNOTED_EVERY = 20  # of this many leads one lacks the channel's id in the CRM


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One inquiry in its channel: when it was sent (epoch milliseconds, whole seconds), its number, and who asks."""

    at_ms: int
    number: int
    name: str
    phone: str
    company: str | None


def number_of(key: str) -> int:
    """The number that a channel gives to the inquiry behind the lead `key`."""
    return int(sha256(f"channel|{key}".encode()).hexdigest()[:11], 16)


def channel_lead_id(channel: str, number: int) -> str:
    """The id of an inquiry as its channel writes it."""
    if channel == "hubspot":
        return str(UUID(bytes=sha256(str(number).encode()).digest()[:16], version=4))
    return str(number) if channel in ("baidu", "tencent") else f"{channel.upper()}-{number}"


def noted_id(lead_id: str, fields: Mapping[str, Any]) -> str | None:
    """The channel's id that the CRM's lead carries: none where no channel brought it, and where a clerk typed the lead in."""
    channel, number = CHANNEL_OF_SOURCE.get(str(fields.get("source"))), number_of(lead_id)
    return None if channel is None or number % UNNOTED_EVERY == 0 else channel_lead_id(channel, number)


class Channels:
    """All inquiries of one company, kept up with its journal."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read_to = 0
        self._held: defaultdict[str, list[Inquiry]] = defaultdict(list)

    def inquiries(self, channel: str, from_ms: int, to_ms: int) -> list[Inquiry]:
        """What the channel got in [from, to), oldest first."""
        self._keep_up()
        held = self._held[channel]
        return held[bisect_left(held, from_ms, key=_at) : bisect_left(held, to_ms, key=_at)]

    def _keep_up(self) -> None:
        rows = self._store.rows(
            # the plus keeps the journal's order of seq from being given up for its index of objects: only what is new is read
            "select seq, id, at_ms, fields from journal where seq > ? and +object = 'LeadsObj' and op = 'create' order by seq",
            [self._read_to],
        )
        for row in rows:
            self._read_to = row["seq"]
            fields = orjson.loads(row["fields"])
            channel = CHANNEL_OF_SOURCE.get(str(fields.get("source")))
            if channel:
                self._held[channel] += _inquiries(row["id"], row["at_ms"], fields)
        if rows:
            for held in self._held.values():
                held.sort(key=_at)


def _at(inquiry: Inquiry) -> int:
    return inquiry.at_ms


def _inquiries(lead_id: str, at_ms: int, fields: Mapping[str, Any]) -> list[Inquiry]:
    """The inquiry behind a lead of the CRM, some minutes before it, and at times another one that stayed behind."""
    number = number_of(lead_id)
    dice = Random(number)
    sent = (at_ms - int(40_000 + dice.random() * 560_000)) // 1000 * 1000
    found = [Inquiry(sent, number, str(fields.get("name", "")), str(fields.get("mobile", "")), fields.get("company"))]
    if number % STRAY_EVERY == 0:
        stray = number_of(f"{lead_id}|stray")
        found.append(Inquiry(sent + 7_000, stray, person_name(dice), f"15{int(dice.random() * 1e9):09d}", None))
    return found
