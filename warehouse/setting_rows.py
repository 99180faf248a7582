"""Settings as rows: what holds on a day as known on another, and the insert-only writing of a change.

In: days. Out: (kind, key) → value; rows of `ops.settings` under one row of `ops.setting_changes`. Nothing here updates or deletes.
A change decided on D is stamped cutoff(D), so D+1 is the first day that sees it; decisions of one day follow each other by a microsecond.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from config.settings import ROOT
from warehouse.clock import cutoff
from warehouse.setting_kinds import BY_NAME
from warehouse.steps import StepError

Key = tuple[str, str]
Value = dict[str, Any]
Holding = dict[Key, Value]
WITHDRAWN: Value = {"is_withdrawn": True}

_HOLDING = """
    select distinct on (kind, key) kind, key, value from ops.settings
    where valid_from <= %s and decided_at < %s order by kind, key, valid_from desc, decided_at desc, setting_id desc
"""
_BEFORE = """
    select value from ops.settings
    where kind = %(kind)s and key = %(key)s and valid_from <= %(valid_from)s and (decided_at, setting_id) < (%(decided_at)s, %(setting_id)s)
    order by valid_from desc, decided_at desc, setting_id desc limit 1
"""
_INSERT = """
    insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason, change_id)
    select %(kind)s, %(key)s, %(value)s, %(valid_from)s,
        greatest(%(cutoff)s, (
            select max(decided_at) + interval '1 microsecond' from ops.settings
            where kind = %(kind)s and key = %(key)s and valid_from = %(valid_from)s and decided_at <> '-infinity'
        )),
        %(decided_by)s, %(reason)s, %(change_id)s
"""
_LATER = """
    select min(l.change_id) from ops.settings as r join ops.settings as l on (l.kind, l.key) = (r.kind, r.key)
    where r.change_id = %s and l.change_id > r.change_id and l.valid_from >= r.valid_from
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides on which business day, from when it holds, and why. `file_sha256`: of the workbook, None for an undo by number."""

    as_of: date
    valid_from: date
    decided_by: str
    reason: str
    file_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Former:
    """One row of a change, with the value that would hold without it."""

    kind: str
    key: str
    valid_from: date
    former: Value


def defaults(valid_on: date = date.max) -> Holding:
    """Our own defaults that hold on `valid_on`, the seed that dbt reads."""
    path = ROOT / "dbt_project" / "seeds" / "default_settings.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["valid_from"] <= valid_on.isoformat()]
    return {(row["kind"], row["key"]): json.loads(row["value"]) for row in rows}


def holding(connection: psycopg.Connection, valid_on: date, as_of: date) -> Holding:
    """What holds on `valid_on` by everything decided up to and on `as_of`, kinds of the door only; withdrawn keys are absent."""
    seen = cutoff(as_of + timedelta(days=1))
    found = defaults(valid_on)
    for kind, key, value in connection.execute(_HOLDING, (valid_on, seen)).fetchall():
        found[kind, key] = value
    return {at: value for at, value in found.items() if at[0] in BY_NAME and not value.get("is_withdrawn")}


def lock(connection: psycopg.Connection) -> None:
    """One change at a time: held until the caller's transaction ends."""
    connection.execute("select pg_advisory_xact_lock(hashtext('landfall settings'))")


def write(connection: psycopg.Connection, decision: Decision, changed: Mapping[Key, Value]) -> int:
    """Append one change with a row for each key, inside the caller's transaction. Returns its number."""
    change_id = _note(connection, decision, None)
    for at, value in sorted(changed.items(), key=lambda item: item[0]):
        _insert(connection, decision, change_id, at, value, decision.valid_from)
    return change_id


def change_of_file(connection: psycopg.Connection, file_sha256: str) -> int:
    """The newest change that came from this very file and stands. Raises StepError when there is none."""
    found = connection.execute(
        "select max(change_id) from ops.setting_changes as c where file_sha256 = %s and undoes is null"
        " and not exists (select from ops.setting_changes as u where u.undoes = c.change_id)",
        (file_sha256,),
    ).fetchone()
    if not found or found[0] is None:
        raise StepError(
            "no standing change came from this file: name the change, --change N (table ops.setting_changes lists them)"
        )
    return int(found[0])


def former_values(connection: psycopg.Connection, change_id: int) -> list[Former]:
    """Each row of the change with what held without it.

    Raises StepError when there is no such change, it was undone, or a later change stands on it.
    """
    rows = connection.execute(
        "select kind, key, valid_from, decided_at, setting_id from ops.settings where change_id = %s order by kind, key",
        (change_id,),
    ).fetchall()
    if not rows:
        raise StepError(f"there is no change {change_id}: table ops.setting_changes lists them")
    undone = connection.execute("select change_id from ops.setting_changes where undoes = %s", (change_id,)).fetchone()
    if undone:
        raise StepError(f"change {change_id} was undone by change {undone[0]}: nothing to do")
    later: Any = connection.execute(_LATER, (change_id,)).fetchone()
    if later[0] is not None:
        raise StepError(f"change {later[0]} stands on change {change_id}: undo {later[0]} first, or apply a new file")
    ours, found = defaults(), []
    for kind, key, valid_from, decided_at, setting_id in rows:
        given = {"kind": kind, "key": key, "valid_from": valid_from, "decided_at": decided_at, "setting_id": setting_id}
        before = connection.execute(_BEFORE, given).fetchone()
        found.append(Former(kind, key, valid_from, before[0] if before else ours.get((kind, key), WITHDRAWN)))
    return found


def undo(connection: psycopg.Connection, decision: Decision, change_id: int) -> int:
    """Append the rows that restore what held without change `change_id`. Returns the new change's number."""
    rows = former_values(connection, change_id)
    number = _note(connection, decision, change_id)
    for row in rows:
        _insert(connection, decision, number, (row.kind, row.key), row.former, row.valid_from)
    return number


def _note(connection: psycopg.Connection, decision: Decision, undoes: int | None) -> int:
    found: Any = connection.execute(
        "insert into ops.setting_changes (change_id, as_of, valid_from, decided_by, reason, file_sha256, undoes)"
        " select coalesce(max(change_id), 0) + 1, %s, %s, %s, %s, %s, %s from ops.setting_changes returning change_id",
        (decision.as_of, decision.valid_from, decision.decided_by, decision.reason, decision.file_sha256, undoes),
    ).fetchone()
    return int(found[0])


def _insert(
    connection: psycopg.Connection, decision: Decision, change_id: int, at: Key, value: Value, valid_from: date
) -> None:
    given = {
        "kind": at[0],
        "key": at[1],
        "value": Jsonb(value),
        "valid_from": valid_from,
        "cutoff": cutoff(decision.as_of),
        "decided_by": decision.decided_by,
        "reason": decision.reason,
        "change_id": change_id,
    }
    connection.execute(_INSERT, given)
