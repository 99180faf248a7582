"""What the published build owes the outside, and a receipt for every send: pending before it leaves, the answer after.

In: the business day, then one outcome a record. Out: messages not acknowledged yet; `ops.writeback_receipts`, one row a build and record.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from warehouse.connection import connect
from warehouse.steps import StepError

Sending = psycopg.Connection[tuple[Any, ...]]
ENTITY = "opportunity"


@dataclass(frozen=True, slots=True)
class Message:
    """One record's payload. `state`: that of its receipt for this build, None when nothing was sent yet."""

    build_id: str
    record_id: str
    system: str
    action: str
    payload: dict[str, Any]
    payload_hash: str
    state: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a send; `answer` names no person and no secret."""

    state: Literal["acked", "rejected", "unknown"]
    error_code: str | None = None
    answer: str | None = None
    trace_id: str | None = None


@contextmanager
def sending() -> Iterator[Sending]:
    """A connection as `writeback` that alone may send for this tenant. Raises StepError when another one does, or PostgreSQL fails."""
    with connect("writeback", autocommit=True) as connection:
        try:
            connection.execute("set lock_timeout = '5s'")
            connection.execute("select pg_advisory_lock(hashtext('landfall sending'))")
            connection.execute("reset lock_timeout")
            yield connection
        except psycopg.errors.LockNotAvailable as error:
            raise StepError("another write-back of this tenant is running: wait until it ends, then rerun") from error
        except psycopg.OperationalError as error:
            raise StepError(
                f"PostgreSQL failed during write-back ({type(error).__name__}): read its log and start it, then rerun; "
                "what was acknowledged is not sent again"
            ) from error


def messages(connection: Sending, as_of: date) -> list[Message]:
    """All messages of the published build of `as_of`, by record. Raises StepError when that day has no published build."""
    build = connection.execute(
        "select p.build_id from ops.publications p where p.as_of = %s order by p.publication_id desc limit 1", (as_of,)
    ).fetchone()
    if build is None:
        raise StepError(f"{as_of} has no published build: run `python -m warehouse publish --as-of {as_of}` first")
    rows = connection.execute(
        "select s.build_id, s.opportunity_id, s.system, s.action, s.payload, s.payload_hash, r.state"
        " from sync.sync_crm__opportunity_scores s left join ops.writeback_receipts r"
        " on r.build_id = s.build_id and r.system = s.system and r.entity = %s and r.record_id = s.opportunity_id"
        " where s.build_id = %s order by s.opportunity_id",
        (ENTITY, build[0]),
    ).fetchall()
    return [Message(*row) for row in rows]


def unread_systems(connection: Sending, as_of: date) -> list[str]:
    """The systems of which the published build of `as_of` lacks the end of the day."""
    found = connection.execute(
        "select distinct s.value ->> 'system' from (select manifest from ops.publications where as_of = %s"
        " order by publication_id desc limit 1) as p, jsonb_array_elements(p.manifest -> 'stale_inputs') as s order by 1",
        (as_of,),
    )
    return [system for (system,) in found.fetchall()]


def announce(connection: Sending, message: Message) -> None:
    """Commit that `message` is about to leave, so that a killed step knows what to read back."""
    connection.execute(
        "insert into ops.writeback_receipts as held (build_id, system, entity, record_id, payload, payload_hash, state)"
        " values (%s, %s, %s, %s, %s, %s, 'pending') on conflict (build_id, system, entity, record_id) do update"
        " set payload = excluded.payload, payload_hash = excluded.payload_hash, state = 'pending', attempt = held.attempt + 1,"
        " sent_at = clock_timestamp()",
        (message.build_id, message.system, ENTITY, message.record_id, Jsonb(message.payload), message.payload_hash),
    )


def settle(connection: Sending, message: Message, outcome: Outcome) -> None:
    """Commit what the other side answered."""
    connection.execute(
        "update ops.writeback_receipts set state = %s, error_code = %s, answer = %s, trace_id = %s, sent_at = clock_timestamp()"
        " where build_id = %s and system = %s and entity = %s and record_id = %s",
        (
            outcome.state,
            outcome.error_code,
            outcome.answer,
            outcome.trace_id,
            message.build_id,
            message.system,
            ENTITY,
            message.record_id,
        ),
    )


def settle_all(connection: Sending, sent: Sequence[Message], outcome: Outcome) -> None:
    """Announce and settle many messages that left as one file, in one transaction."""
    with connection.transaction():
        for message in sent:
            announce(connection, message)
            settle(connection, message, outcome)
