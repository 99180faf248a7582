"""The step `writeback`: what the published build owes leaves, call by call, and every row ends with a receipt.

In: what `sync` says that the day's published build owes about the place's records. Out: score fields there (or a file), receipts, dead
letters. A record acknowledged for this build is not sent again. When the other side may or may not have taken a call, the record is read
back and compared before anything is decided, so a key has at most one effective write.
"""

from collections import Counter
from dataclasses import replace
from datetime import date

from config.settings import settings
from connectors.calls import RefusedError
from connectors.http import UnansweredError
from connectors.writers import WHOLE_BUILD, Writer, open_writer
from warehouse.dead_letters import bury
from warehouse.failpoints import failpoint
from warehouse.receipts import Message, Outcome, Sending, announce, leave, messages, sending, settle, unread_systems
from warehouse.restores import has_caught_up, is_behind
from warehouse.steps import StepError, StepRun, recorded

SENDS = 3
OVER_CAP = "over_cap"
NO_BAND = "~"  # sorts behind every band
COUNTS = ("sent", "acked", "rejected", "unknown", "unprocessed", "skipped", "dead")


def write_back(as_of: date, *, dry_run: bool = False) -> None:
    """Send what the build of `as_of` owes. Raises StepError when the CRM stops us; what was acknowledged stays acknowledged."""
    where = settings().writeback
    if where == "off":
        print("write-back is off: set LANDFALL_WRITEBACK to fxiaoke, dingtalk, salesforce or csv to switch it on")
        return
    with sending() as connection:
        writer = open_writer(where, as_of)
        try:
            owed = [message for entity in writer.entities for message in messages(connection, as_of, entity)]
            mine = [message for message in owed if writer.takes(message)]
            if is_behind(connection):  # what the CRM was told since the backup is read back before anything is sent
                mine = [message if message.state == "acked" else replace(message, state="unknown") for message in mine]
            if dry_run:
                _preview(writer, mine, where)
                return
            with recorded("write_back", as_of) as run:
                if where in unread_systems(connection, as_of):
                    # a write would date the record's change of that day into the next one, and the rerun would not find it
                    run.note(held=True)
                    print(
                        f"write-back waits: {where} was not read to the end of {as_of}; `make rerun SYSTEM={where} AS_OF={as_of}` sends it"
                    )
                else:
                    _send_all(connection, writer, mine, run)
                    has_caught_up(connection)
        finally:
            writer.close()


def _send_all(connection: Sending, writer: Writer, owed: list[Message], run: StepRun) -> None:
    due = [message for message in owed if message.state != "acked"]
    dead = [message for message in due if message.is_dead]
    writer.prepare([message for message in due if not message.is_dead])
    calls, over_cap = _calls(writer, owed)
    tally = Counter(skipped=len(owed) - len(due), dead=len(dead), unprocessed=len(over_cap))
    leave(connection, dead, "dead", "dead_letter")
    leave(connection, over_cap, "unprocessed", OVER_CAP)
    try:
        for number, call in enumerate(calls):
            _send(connection, writer, call, tally)
            if (number + 1) * max(writer.batch, 1) % 500 == 0:
                print(f"write-back: {tally['sent']} of {len(due)} sent", flush=True)
    except StepError as error:
        rest = [message for call in calls[number + 1 :] for message in call]
        leave(connection, rest, "unprocessed", error.code if isinstance(error, RefusedError) else type(error).__name__)
        tally["unprocessed"] += len(rest)
        raise
    finally:
        if owed:
            run.note(buried=bury(connection, owed[0].build_id, settings().writeback_nights))
        _report(run, tally)


def _calls(writer: Writer, owed: list[Message]) -> tuple[list[list[Message]], list[Message]]:
    """What is due in calls of the writer's size, and what the cap leaves for another night; the whole build goes again and again.

    Kinds of records share the cap: high bands go first, of one band the writer's first kind, and what is to be cleared goes last.
    """
    living = [message for message in owed if not message.is_dead]
    if writer.batch == WHOLE_BUILD:
        return [living], []
    due, cap = [message for message in living if message.state != "acked"], settings().writeback_cap
    due.sort(key=lambda message: message.payload.get("band") or NO_BAND)
    return [due[at : min(at + writer.batch, cap)] for at in range(0, min(len(due), cap), writer.batch)], due[cap:]


def _send(connection: Sending, writer: Writer, call: list[Message], tally: Counter[str]) -> None:
    """Send one call until every outcome is certain, at most `SENDS` times, and keep what became of it."""
    due = [message for message in call if message.state != "acked"]
    known: dict[str, Outcome] = {}
    failpoint("writeback.before")
    announce(connection, due)
    try:
        _deliver(writer, call, known)
    except RefusedError as error:  # nothing else will get through: what is not known was not done
        for message in due:
            known.setdefault(message.record_id, Outcome("unprocessed", error.code, trace_id=error.trace_id))
        raise
    finally:
        failpoint("writeback.inside")
        settled = [message for message in due if message.record_id in known]
        settle(connection, settled, [known[message.record_id] for message in settled])
        states = [known[message.record_id].state for message in settled]
        tally.update(states)
        tally["sent"] += sum(state != "unprocessed" for state in states)
    failpoint("writeback.after")


def _deliver(writer: Writer, call: list[Message], known: dict[str, Outcome]) -> None:
    """Fill `known` by record. Raises RefusedError when nothing else will get through either, StepError when it cannot go on."""
    for message in call:
        if message.state in ("pending", "unknown"):
            known[message.record_id] = Outcome("unknown", answer="not read back")
    waiting = call
    for attempt in range(SENDS):
        unsent = [message for message in waiting if message.record_id not in known or _is_lost(writer, message, known)]
        if unsent:
            try:
                outcomes = writer.write(unsent)
            except UnansweredError as error:
                outcomes = [Outcome("unknown", answer=str(error))] * len(unsent)
            known.update((message.record_id, told) for message, told in zip(unsent, outcomes, strict=True))
        waiting = [message for message in waiting if known[message.record_id].state == "unknown"]
        if not waiting:
            return
        if attempt + 1 < SENDS:
            writer.wait(attempt)


def _is_lost(writer: Writer, message: Message, known: dict[str, Outcome]) -> bool:
    """Whether a message of unknown outcome certainly left no trace. What the other side holds is acknowledged in `known`."""
    try:
        if not writer.holds(message):
            return True
        known[message.record_id] = Outcome("acked", answer="read back")
    except UnansweredError as error:
        known[message.record_id] = Outcome("unknown", answer=str(error))
    except RefusedError as error:
        if error.reaction == "stop":
            raise
        if error.reaction == "skip":  # there is nothing to read: the write itself will say why
            return True
        known[message.record_id] = Outcome("unknown", error.code, trace_id=error.trace_id)
    return False


def _preview(writer: Writer, owed: list[Message], where: str) -> None:
    due = [message for message in owed if message.state != "acked" and not message.is_dead]
    for message in due:
        told = ", ".join(f"{field}={value}" for field, value in writer.values(message).items())
        print(f"{message.action} {message.record_id}: {told}")
    print(f"write-back would send {len(due)} of {len(owed)} to {where}; nothing was sent")


def _report(run: StepRun, tally: Counter[str]) -> None:
    counts = {name: tally[name] for name in COUNTS}
    run.note(**counts)
    print("write-back: " + ", ".join(f"{count} {name}" for name, count in counts.items()), flush=True)
