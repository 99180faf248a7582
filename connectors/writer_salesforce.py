"""Scores into Salesforce: collections of 200 records, many by a job, each row with its own result, in fields that the mapping names.

In: messages. Out: one outcome each. Salesforce answers HTTP 200 whatever became of the rows: a collection tells them in the order of the
request, a job in files by id. A row that it refused is rejected, one that others hold locked is asked for again and then left unprocessed.
What has no answer is read back, 2,000 records a request. Neither way knows a condition on a record being unchanged; only our own fields are
sent, so no one's change is lost.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from connectors.calls import RefusedError
from connectors.http import UnansweredError
from connectors.salesforce import Salesforce
from connectors.salesforce_query import literal
from connectors.streams import Target, WriteBack, write_back_of
from connectors.writers import LONGEST_TEXT, shows, targeted, text_of
from warehouse.receipts import ENTITY, Entity, Message, Outcome
from warehouse.steps import StepError

MOST_RECORDS = 200
MANY, MOST_OF_A_JOB = 2000, 10_000  # above the first a job does it; its file of that many rows has some megabytes
MOST_READ = 2000
LOCK_ATTEMPTS = 3
LOCKED = "UNABLE_TO_LOCK_ROW"
GONE = {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"}


def writer(_as_of: date) -> "SalesforceWriter":
    """The tenant's org, as settings and mapping name it."""
    return SalesforceWriter(Salesforce(), write_back_of("salesforce"))


class SalesforceWriter:
    """One tenant's org."""

    batch: int = MOST_RECORDS
    entities: tuple[Entity, ...] = (ENTITY,)

    def __init__(self, crm: Salesforce, mapping: WriteBack) -> None:
        self._crm, self._mapping = crm, mapping
        self._read_with: dict[str, list[str]] = {}
        self._shown: dict[str, Any] = {}

    def takes(self, message: Message) -> bool:
        """Deals that come from this org."""
        return message.system == "salesforce"

    def prepare(self, due: Sequence[Message]) -> None:
        """Many go by jobs; what an earlier run left in doubt is read back together."""
        self.batch = MOST_OF_A_JOB if len(due) > MANY else MOST_RECORDS
        self._doubt([message.record_id for message in due if message.state in ("pending", "unknown")])

    def values(self, message: Message) -> dict[str, Any]:
        """Fields of the org's object; a null clears its field."""
        return targeted(self._mapping, message.payload, _wire)

    def write(self, batch: Sequence[Message]) -> list[Outcome]:
        """One call, and further ones for the rows that were locked."""
        self._shown = {}
        known = self._sent(batch)
        for attempt in range(LOCK_ATTEMPTS - 1):
            locked = [message for message in batch if known[message.record_id].error_code == LOCKED]
            if not locked:
                break
            self.wait(attempt)
            try:
                known |= self._sent(locked)
            except UnansweredError as error:
                known |= {message.record_id: Outcome("unknown", answer=str(error)) for message in locked}
            except RefusedError:  # what the others became is known; the next call will be refused too, and say why
                break
        return [known[message.record_id] for message in batch]

    def holds(self, message: Message) -> bool:
        """Whether the record shows exactly the values; those of a call without an answer are read at once."""
        key, values = message.record_id, self.values(message)
        if key not in self._shown:
            ids = self._read_with.get(key, [key])
            found = self._crm.retrieve(self._mapping.object, ids, list(values))
            if len(found) != len(ids):
                raise StepError(
                    f"Salesforce shows {len(found)} records of the {len(ids)} that were asked for: ask its support, then rerun"
                )
            self._shown = dict(zip(ids, found, strict=True))
        record = self._shown.pop(key)
        kinds = {target.field: target.kind for target in self._mapping.fields.values()}
        return record is not None and all(
            _same(kinds[field], record.get(field), value) for field, value in values.items()
        )

    def wait(self, attempt: int) -> None:
        """The org's own patience."""
        self._crm.calls.patience.wait(attempt)

    def close(self) -> None:
        """Close the connections."""
        self._crm.close()

    def _sent(self, batch: Sequence[Message]) -> dict[str, Outcome]:
        """What became of each record of one call. Raises RefusedError where none was done, UnansweredError where all may have been."""
        rows = [{"id": message.record_id, **self.values(message)} for message in batch]
        ids = [message.record_id for message in batch]
        try:
            if len(batch) > MOST_RECORDS:
                told = self._crm.update_by_job(self._mapping.object, rows)
                known = {message.record_id: _fate(message, told.get(message.record_id)) for message in batch}
                self._doubt([key for key, outcome in known.items() if outcome.state == "unknown"])
                return known
            results = self._crm.update(self._mapping.object, rows)
        except UnansweredError:
            self._doubt(ids)
            raise
        except RefusedError as error:
            if error.reaction not in ("unknown", "back_off"):
                raise
            if error.reaction == "unknown":
                self._doubt(ids)
            return dict.fromkeys(ids, Outcome("unknown" if error.reaction == "unknown" else "unprocessed", error.code))
        if len(results) != len(batch):
            self._doubt(ids)
            raise UnansweredError(f"Salesforce told {len(results)} results of {len(batch)} records", is_sent=True)
        return {message.record_id: _outcome(message, result) for message, result in zip(batch, results, strict=True)}

    def _doubt(self, ids: Sequence[str]) -> None:
        """Let these records be read back together."""
        for at in range(0, len(ids), MOST_READ):
            part = list(ids[at : at + MOST_READ])
            self._read_with.update(dict.fromkeys(part, part))


def _fate(message: Message, told: Outcome | None) -> Outcome:
    """What a job's files say of the message."""
    if told is None:
        return Outcome("unknown", answer="no file of the job names the record")
    return _refused(message, told.error_code or "") if told.state == "rejected" else told


def _refused(message: Message, code: str) -> Outcome:
    """A row that Salesforce did not take; what is gone needs no clearing."""
    if code == LOCKED:
        return Outcome("unprocessed", code)
    if code in GONE and message.action == "withdraw":
        return Outcome("acked", code, answer="the record is gone")
    return Outcome("rejected", code)


def _outcome(message: Message, result: Any) -> Outcome:
    """What one result says of the message at its place."""
    told = result if isinstance(result, dict) else {}
    if told.get("success") is True:
        is_it = told.get("id") == message.record_id
        return Outcome("acked", "0") if is_it else Outcome("unknown", answer="the result names another record")
    errors = told.get("errors")
    code = (
        str(errors[0].get("statusCode", ""))
        if isinstance(errors, list) and errors and isinstance(errors[0], dict)
        else ""
    )
    if not code:
        return Outcome("unknown", answer="the result tells neither success nor an error")
    return _refused(message, code)


def _wire(target: Target, value: Any) -> Any:
    if value is None:
        return None
    if target.kind == "number":
        return value
    if target.kind == "instant":
        return literal(datetime.fromisoformat(str(value)))
    if target.kind == "day":
        return str(value)[:10]
    return text_of(value)[:LONGEST_TEXT]


def _same(kind: str, shown: Any, sent: Any) -> bool:
    if kind == "instant" and sent is not None and shown:
        return datetime.fromisoformat(str(shown)) == datetime.fromisoformat(str(sent))
    return shows(shown, sent)
