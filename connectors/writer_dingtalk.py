"""Scores into DingTalk: relation data of customers, twenty a call, with a result for each; only the fields that the mapping names are sent.

In: messages about customers, each with the score of its best open deal. Out: one outcome each, by the row's own result. A row without a
result, a locked one, and a call without a usable answer leave the outcome unknown: the customer is read back by its id.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from config.settings import Settings, settings
from connectors.calls import RefusedError
from connectors.dingtalk_codes import GRANT, REACTIONS
from connectors.dingtalk_gateways import answer, opened
from connectors.http import UnansweredError
from connectors.pacing import Patience
from connectors.streams import Target, WriteBack, write_back_of
from connectors.writers import LONGEST_TEXT, shows, targeted, text_of
from warehouse.receipts import Entity, Message, Outcome

RELATIONS, BY_IDS = "/v1.0/crm/relationDatas/batch", "/v1.0/crm/personalCustomers/batchQuery"


def writer(_as_of: date) -> "DingTalkWriter":
    """The tenant's DingTalk, as settings and mapping name it."""
    return DingTalkWriter(settings(), write_back_of("dingtalk"))


class DingTalkWriter:
    """One tenant's customer management, written to as the person that the settings name."""

    batch = 20  # no limit is documented
    entities: tuple[Entity, ...] = ("customer",)

    def __init__(self, now: Settings, mapping: WriteBack, patience: Patience | None = None) -> None:
        self._calls, self._mapping, self._user = opened(now, patience), mapping, now.dingtalk_user_id

    def takes(self, message: Message) -> bool:
        """Customers of DingTalk."""
        return message.system == "dingtalk"

    def prepare(self, due: Sequence[Message]) -> None:
        """Nothing depends on how much is due."""

    def values(self, message: Message) -> dict[str, Any]:
        """Fields of the customer's form."""
        return targeted(self._mapping, message.payload, _wire)

    def write(self, batch: Sequence[Message]) -> list[Outcome]:
        """One call; where the whole call is refused for what is in it, each message alone, so that one does not take the others with it."""
        rows = [
            {
                "relationId": message.record_id,
                "bizDataList": [{"key": field, "value": value or ""} for field, value in self.values(message).items()],
            }
            for message in batch
        ]
        kind = {"relationType": self._mapping.object, "operatorUserId": self._user, "skipDuplicateCheck": True}
        what = f"{len(batch)} scores of customers"
        try:
            found = answer(self._calls, RELATIONS, kind | {"relationList": rows}, what, method="PUT", is_write=True)
        except RefusedError as error:
            return self._refused(batch, error)
        told = {str(row.get("relationId")): row for row in found.get("results", ()) if isinstance(row, dict)}
        return [self._outcome(message, told.get(message.record_id)) for message in batch]

    def holds(self, message: Message) -> bool:
        """Whether the customer shows exactly the values; a cleared field may be absent, empty or null."""
        form = (self._customer(message.record_id) or {}).get("data") or {}
        return all(shows(form.get(field), value) for field, value in self.values(message).items())

    def wait(self, attempt: int) -> None:
        """DingTalk's own patience."""
        self._calls.patience.wait(attempt)

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()

    def _refused(self, batch: Sequence[Message], error: RefusedError) -> list[Outcome]:
        if error.reaction == "stop" or REACTIONS.get(error.code, ("", ""))[1] == GRANT:
            raise error
        if error.reaction == "unknown":
            return [Outcome("unknown", error.code, trace_id=error.trace_id)] * len(batch)
        if error.reaction in ("back_off", "refresh"):
            return [Outcome("unprocessed", error.code, trace_id=error.trace_id)] * len(batch)
        if len(batch) == 1:
            return [self._rejected(batch[0], error.code, error.trace_id)]
        return self._one_by_one(batch)

    def _one_by_one(self, batch: Sequence[Message]) -> list[Outcome]:
        """Each message in a call of its own; what was not sent because nothing gets through any more is unprocessed."""
        known: list[Outcome] = []
        try:
            for message in batch:
                try:
                    known += self.write([message])
                except UnansweredError as error:
                    known.append(Outcome("unknown", answer=str(error)))
        except RefusedError as error:
            if not known:
                raise
            known += [Outcome("unprocessed", error.code, trace_id=error.trace_id)] * (len(batch) - len(known))
        return known

    def _outcome(self, message: Message, row: dict[str, Any] | None) -> Outcome:
        if row is None:
            return Outcome("unknown", answer="no result for this customer")
        if row.get("success") is True:
            return Outcome("acked")
        code = str(row.get("errorCode") or "")
        reaction = REACTIONS.get(code, ("skip", ""))[0]
        if reaction == "unknown":
            return Outcome("unknown", code)
        if reaction in ("back_off", "stop"):
            return Outcome("unprocessed", code)
        return self._rejected(message, code)

    def _rejected(self, message: Message, code: str, trace_id: str | None = None) -> Outcome:
        """A refusal, unless a score is to be cleared from a customer that is gone: then there is nothing left to do."""
        if message.action == "withdraw" and self._customer(message.record_id) is None:
            return Outcome("acked", code, answer="the customer is gone", trace_id=trace_id)
        return Outcome("rejected", code, trace_id=trace_id)

    def _customer(self, record_id: str) -> dict[str, Any] | None:
        params = {"currentOperatorUserId": self._user, "relationType": self._mapping.object}
        found = answer(self._calls, BY_IDS, [record_id], f"customer {record_id}", params=params).get("result")
        rows = found if isinstance(found, list) else []
        return next((row for row in rows if isinstance(row, dict) and row.get("instanceId") == record_id), None)


def _wire(target: Target, value: Any) -> str | None:
    """A value as DingTalk's forms hold it: text, also of numbers; days and instants in the tenant's local time."""
    if value is None:
        return None
    if target.kind == "instant":
        local = datetime.fromisoformat(str(value)).astimezone(ZoneInfo(settings().time_zone))
        return f"{local:%Y-%m-%d %H:%M}"
    if target.kind == "day":
        return str(value)[:10]
    return text_of(value)[:LONGEST_TEXT]
