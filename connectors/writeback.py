"""The step `writeback`: what the published build owes leaves, one record a call, and every answer is kept.

In: `sync.sync_crm__opportunity_scores` of the day's published build. Out: score fields in the CRM (or a file of scores) and receipts. A
record acknowledged for this build is not sent again. When the CRM may or may not have taken a call, the record is read back and compared
before anything is decided, so a key has at most one effective write.
"""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from config.settings import settings
from connectors import scores_file
from connectors.calls import RefusedError
from connectors.fxiaoke import Fxiaoke
from connectors.http import UnansweredError
from connectors.reading import milliseconds
from connectors.streams import Target, WriteBack, write_back_of
from warehouse.failpoints import failpoint
from warehouse.receipts import Message, Outcome, Sending, announce, messages, sending, settle, unread_systems
from warehouse.steps import StepError, StepRun, recorded

LONGEST_TEXT = 500
SENDS = 3


def write_back(as_of: date, *, dry_run: bool = False) -> None:
    """Send what the build of `as_of` owes. Raises StepError when the CRM stops us; what was acknowledged stays acknowledged."""
    where = settings().writeback
    if where == "off":
        print("write-back is off: set LANDFALL_WRITEBACK to fxiaoke or csv to switch it on")
        return
    with sending() as connection:
        owed = messages(connection, as_of)
        if dry_run:
            _preview(owed, where)
            return
        with recorded("write_back", as_of) as run:
            if where == "csv":
                _report(run, scores_file.write(connection, as_of, owed))
            elif where in unread_systems(connection, as_of):
                # a write would date the record's change of that day into the next one, and the rerun would not find it
                run.note(held=True)
                print(
                    f"write-back waits: {where} was not read to the end of {as_of}; `make rerun SYSTEM={where} AS_OF={as_of}` sends it"
                )
            else:
                _send_all(connection, [message for message in owed if message.system == "fxiaoke"], run)


def _send_all(connection: Sending, owed: list[Message], run: StepRun) -> None:
    tally = Counter(skipped=sum(message.state == "acked" for message in owed))
    due = [message for message in owed if message.state != "acked"]
    tally["over_cap"] = max(len(due) - settings().writeback_cap, 0)
    crm, mapping = Fxiaoke(), write_back_of("fxiaoke")
    try:
        for number, message in enumerate(due[: settings().writeback_cap], 1):
            failpoint("writeback.before")
            is_repeat = message.state is not None
            announce(connection, message)
            outcome = _deliver(crm, mapping, message, is_repeat=is_repeat)
            failpoint("writeback.inside")
            settle(connection, message, outcome)
            failpoint("writeback.after")
            tally[outcome.state] += 1
            tally["sent"] += 1
            if number % 500 == 0:
                print(f"write-back: {number} of {len(due)} sent", flush=True)
    finally:
        crm.close()
        _report(run, tally)


def _deliver(crm: Fxiaoke, mapping: WriteBack, message: Message, *, is_repeat: bool) -> Outcome:
    """Send one message until its outcome is certain, at most `SENDS` times. Raises StepError when nothing else will get through either."""
    values = crm_values(mapping, message.payload)
    unsure = is_repeat
    last = Outcome("unknown", answer="no answer")
    for attempt in range(SENDS):
        try:
            if unsure and _holds(crm.get(mapping.object, message.record_id), values):
                return Outcome("acked", answer="read back")
            answer = crm.update(mapping.object, message.record_id, values)
            return Outcome("acked", "0", trace_id=answer.verdict.trace_id)
        except UnansweredError as error:
            last = Outcome("unknown", answer=str(error))
        except RefusedError as error:
            if error.reaction == "stop":
                raise
            if error.reaction != "unknown":
                return _refused(crm, mapping, message, error)
            last = Outcome("unknown", error.code, trace_id=error.trace_id)
        unsure = True
        if attempt + 1 < SENDS:
            crm.calls.patience.wait(attempt)
    return last


def _refused(crm: Fxiaoke, mapping: WriteBack, message: Message, error: RefusedError) -> Outcome:
    """A refusal, unless a score is to be cleared from a record that is gone: then there is nothing left to do."""
    if message.action == "withdraw":
        by_id = {"field_name": "_id", "operator": "EQ", "field_values": [message.record_id]}
        if not crm.query(mapping.object, [by_id], ["_id"], limit=1):
            return Outcome("acked", error.code, answer="the record is gone", trace_id=error.trace_id)
    return Outcome("rejected", error.code, trace_id=error.trace_id)


def crm_values(mapping: WriteBack, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as the tenant's CRM takes it; a null clears its field. Raises StepError for a key that the payload lacks."""
    missing = sorted(mapping.fields.keys() - payload.keys())
    if missing:
        raise StepError(f"the payload has no {missing[0]}: correct write_back in the tenant's mapping, then rerun")
    return {target.field: _wire(target, payload[key]) for key, target in mapping.fields.items()}


def _wire(target: Target, value: Any) -> Any:
    if value is None:
        return None
    if target.kind == "instant":
        return milliseconds(datetime.fromisoformat(str(value)))
    if target.kind == "day":
        midnight = datetime.fromisoformat(str(value)[:10]).replace(tzinfo=ZoneInfo(settings().time_zone))
        return milliseconds(midnight)
    if isinstance(value, list):
        value = "；".join(map(str, value))
    return str(value)[:LONGEST_TEXT]


def _holds(record: dict[str, Any], values: dict[str, Any]) -> bool:
    """Whether the CRM's record shows exactly `values`; a cleared field may be absent, empty or null."""
    return all(_same(record.get(field), value) for field, value in values.items())


def _same(shown: Any, sent: Any) -> bool:
    if sent is None or shown in (None, ""):
        return sent is None and shown in (None, "")
    try:
        return Decimal(str(shown)) == Decimal(str(sent))
    except InvalidOperation:
        return str(shown) == str(sent)


def _preview(owed: list[Message], where: str) -> None:
    due = [message for message in owed if message.state != "acked"]
    mapping = write_back_of("fxiaoke")
    for message in due:
        values = crm_values(mapping, message.payload) if where == "fxiaoke" else message.payload
        print(
            f"{message.action} {message.record_id}: {', '.join(f'{field}={value}' for field, value in values.items())}"
        )
    print(f"write-back would send {len(due)} of {len(owed)} to {where}; nothing was sent")


def _report(run: StepRun, tally: Counter[str]) -> None:
    counts = {name: tally[name] for name in ("sent", "acked", "rejected", "unknown", "skipped", "over_cap")}
    run.note(**counts)
    print("write-back: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()), flush=True)
