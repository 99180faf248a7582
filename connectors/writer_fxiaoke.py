"""Scores of deals and leads into Fxiaoke: one record a call, triggers off, in the fields that the tenant's mapping names.

In: messages. Out: one outcome each. A locked record and a service error (50009) leave the outcome unknown; a limit leaves it unprocessed.
The first update of a run is watched: a CRM that clears what an update does not name gets no scores.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from config.settings import settings
from connectors.calls import RefusedError
from connectors.fxiaoke import Fxiaoke
from connectors.fxiaoke_ways import IN_BIN, NO_ACCESS, update_watched
from connectors.reading import milliseconds
from connectors.streams import Target, WriteBack, mapping_of, write_back_of
from connectors.writers import LONGEST_TEXT, shows, targeted, text_of
from warehouse.receipts import Entity, Message, Outcome


def writer(_as_of: date) -> "FxiaokeWriter":
    """The tenant's CRM, as settings and mapping name it; leads get scores where the mapping names their fields."""
    deals, leads = write_back_of("fxiaoke"), mapping_of("fxiaoke").write_back_leads
    return FxiaokeWriter(Fxiaoke(), {"opportunity": deals, "lead": leads} if leads else {"opportunity": deals})


class FxiaokeWriter:
    """One tenant's CRM; no batch update is documented."""

    batch = 1

    def __init__(self, crm: Fxiaoke, mappings: dict[Entity, WriteBack]) -> None:
        self._crm, self._mappings = crm, mappings
        self._watched: set[Entity] = set()
        self.entities: tuple[Entity, ...] = tuple(mappings)

    def takes(self, message: Message) -> bool:
        """Deals and leads that come from this CRM."""
        return message.system == "fxiaoke"

    def prepare(self, due: Sequence[Message]) -> None:
        """Nothing depends on how much is due."""

    def values(self, message: Message) -> dict[str, Any]:
        """Fields of the CRM's object."""
        return crm_values(self._mappings[message.entity], message.payload)

    def write(self, batch: Sequence[Message]) -> list[Outcome]:
        """One call a message."""
        return [self._write(message) for message in batch]

    def holds(self, message: Message) -> bool:
        """Whether the record shows exactly the values; a cleared field may be absent, empty or null."""
        record = self._crm.get(self._mappings[message.entity].object, message.record_id)
        return all(shows(record.get(field), value) for field, value in self.values(message).items())

    def wait(self, attempt: int) -> None:
        """The CRM's own patience."""
        self._crm.calls.patience.wait(attempt)

    def close(self) -> None:
        """Close the connections."""
        self._crm.close()

    def _write(self, message: Message) -> Outcome:
        object_name, values = self._mappings[message.entity].object, self.values(message)
        try:
            if message.entity in self._watched:
                answer = self._crm.update(object_name, message.record_id, values)
            else:  # no document says what an update does with fields that it does not name
                answer = update_watched(self._crm, object_name, message.record_id, values)
                self._watched.add(message.entity)
            return Outcome("acked", "0", trace_id=answer.verdict.trace_id)
        except RefusedError as error:
            if error.reaction in ("stop", "refresh") or error.code in NO_ACCESS:
                raise  # the app is refused, not this record
            if error.reaction == "unknown":
                return Outcome("unknown", error.code, trace_id=error.trace_id)
            if error.reaction == "back_off":
                return Outcome("unprocessed", error.code, trace_id=error.trace_id)
            return self._refused(message, error)

    def _refused(self, message: Message, error: RefusedError) -> Outcome:
        """A refusal, unless a score is to be cleared from a record that is gone: then there is nothing left to do."""
        if message.action == "withdraw":
            by_id = {"field_name": "_id", "operator": "EQ", "field_values": [message.record_id]}
            found = self._crm.query(self._mappings[message.entity].object, [by_id], ["_id", "life_status"], limit=1)
            if all(isinstance(row, dict) and row.get("life_status") == IN_BIN for row in found):
                return Outcome("acked", error.code, answer="the record is gone", trace_id=error.trace_id)
        return Outcome("rejected", error.code, trace_id=error.trace_id)


def crm_values(mapping: WriteBack, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as the tenant's CRM takes it; a null clears its field. Raises StepError for a key that the payload lacks."""
    return targeted(mapping, payload, _wire)


def _wire(target: Target, value: Any) -> Any:
    if value is None:
        return None
    if target.kind == "instant":
        return milliseconds(datetime.fromisoformat(str(value)))
    if target.kind == "day":
        midnight = datetime.fromisoformat(str(value)[:10]).replace(tzinfo=ZoneInfo(settings().time_zone))
        return milliseconds(midnight)
    return text_of(value)[:LONGEST_TEXT]
