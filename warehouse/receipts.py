"""What the published build owes the outside, and a receipt for every send: pending before it leaves, the answer after.

In: the business day, then one outcome a record. Out: the build's messages; `ops.writeback_receipts`, one row a build and record, so that
what was owed is exactly one of acked, rejected, unknown (it may have been done), unprocessed (it was not), dead, or pending.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from warehouse.connection import connect
from warehouse.steps import StepError

Sending = psycopg.Connection[tuple[Any, ...]]
Entity = Literal["opportunity", "customer", "lead"]
ENTITY: Entity = "opportunity"
_OWED: dict[Entity, tuple[str, str]] = {  # what a record is → its table in `sync` and key there
    "opportunity": ("sync_crm__opportunity_scores", "opportunity_id"),
    "customer": ("sync_dingtalk__customer_scores", "customer_id"),
    "lead": ("sync_crm__lead_scores", "lead_id"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """One record's payload. `state`: that of its receipt for this build, None when there is none; `is_dead`: no longer sent."""

    build_id: str
    entity: Entity
    record_id: str
    system: str
    action: str
    payload: dict[str, Any]
    payload_hash: str
    state: str | None
    is_dead: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a send; `answer` names no person and no secret."""

    state: Literal["acked", "rejected", "unknown", "unprocessed"]
    error_code: str | None = None
    answer: str | None = None
    trace_id: str | None = None


@contextmanager
def sending(step: str = "write-back") -> Iterator[Sending]:
    """A connection as `writeback` that alone may send for this tenant. Raises StepError when another one does, or PostgreSQL fails."""
    with connect("writeback", autocommit=True) as connection:
        try:
            connection.execute("set lock_timeout = '5s'")
            connection.execute("select pg_advisory_lock(hashtext('landfall sending'))")
            connection.execute("reset lock_timeout")
            yield connection
        except psycopg.errors.LockNotAvailable as error:
            raise StepError(
                f"another {step} or write-back of this tenant is running: wait until it ends, then rerun"
            ) from error
        except psycopg.OperationalError as error:
            raise StepError(
                f"PostgreSQL failed during {step} ({type(error).__name__}): read its log and start it, then rerun; "
                "what was acknowledged is not sent again"
            ) from error


def published_build(connection: Sending, as_of: date) -> str:
    """The build of `as_of` that was published last. Raises StepError when there is none."""
    build = connection.execute(
        "select p.build_id from ops.publications p where p.as_of = %s order by p.publication_id desc limit 1", (as_of,)
    ).fetchone()
    if build is None:
        raise StepError(f"{as_of} has no published build: run `python -m warehouse publish --as-of {as_of}` first")
    return str(build[0])


def messages(connection: Sending, as_of: date, entity: Entity = ENTITY) -> list[Message]:
    """All messages of the published build of `as_of` about records of one kind, by record. Raises StepError when there is no such build."""
    build_id = published_build(connection, as_of)
    table, key = _OWED[entity]
    statement = sql.SQL(
        "select s.build_id, {entity}, s.{key}, s.system, s.action, s.payload, s.payload_hash, r.state,"
        " exists (select from ops.dead_letters d where d.system = s.system and d.entity = {entity} and d.record_id = s.{key}"
        " and d.released_at is null)"
        " from sync.{table} s left join ops.writeback_receipts r"
        " on r.build_id = s.build_id and r.system = s.system and r.entity = {entity} and r.record_id = s.{key}"
        " where s.build_id = %s order by s.{key}"
    ).format(entity=sql.Literal(entity), key=sql.Identifier(key), table=sql.Identifier(table))
    rows = connection.execute(statement, (build_id,)).fetchall()
    return [Message(*row) for row in rows]


def unread_systems(connection: Sending, as_of: date) -> list[str]:
    """The systems of which the published build of `as_of` lacks the end of the day."""
    found = connection.execute(
        "select distinct s.value ->> 'system' from (select manifest from ops.publications where as_of = %s"
        " order by publication_id desc limit 1) as p, jsonb_array_elements(p.manifest -> 'stale_inputs') as s order by 1",
        (as_of,),
    )
    return [system for (system,) in found.fetchall()]


def announce(connection: Sending, batch: Sequence[Message]) -> None:
    """Commit that `batch` is about to leave, so that a killed step knows what to read back."""
    statement = (
        "insert into ops.writeback_receipts as held (build_id, system, entity, record_id, payload, payload_hash, state)"
        " values (%s, %s, %s, %s, %s, %s, 'pending') on conflict (build_id, system, entity, record_id) do update"
        " set payload = excluded.payload, payload_hash = excluded.payload_hash, state = 'pending', attempt = held.attempt + 1,"
        " sent_at = clock_timestamp()"
    )
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(statement, [_row(message) for message in batch])


def settle(connection: Sending, batch: Sequence[Message], outcomes: Sequence[Outcome]) -> None:
    """Commit what the other side answered, one outcome a message."""
    statement = (
        "update ops.writeback_receipts set state = %s, error_code = %s, answer = %s, trace_id = %s, sent_at = clock_timestamp()"
        " where build_id = %s and system = %s and entity = %s and record_id = %s"
    )
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                (told.state, told.error_code, told.answer, told.trace_id, *_row(message)[:4])
                for message, told in zip(batch, outcomes, strict=True)
            ],
        )


def leave(connection: Sending, messages: Sequence[Message], state: Literal["unprocessed", "dead"], why: str) -> None:
    """Commit that `messages` are not sent now and why; what an earlier attempt for this build left behind stands."""
    statement = (
        "insert into ops.writeback_receipts (build_id, system, entity, record_id, payload, payload_hash, state, error_code, attempt)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, 0) on conflict do nothing"
    )
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(statement, [(*_row(message), state, why) for message in messages])


def _row(message: Message) -> tuple[str, str, str, str, Jsonb, str]:
    return (
        message.build_id, message.system, message.entity, message.record_id, Jsonb(message.payload), message.payload_hash
    )  # fmt: skip
