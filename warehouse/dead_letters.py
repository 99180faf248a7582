"""Dead letters: records that the other side refused night after night rest until a person has mended the cause and releases them.

In: receipts of published builds. Out: `ops.dead_letters`, at most one open row a record; its owner hears of it by the alert `dead_letter`.
"""

from collections.abc import Sequence
from typing import Any

from warehouse.connection import connect
from warehouse.receipts import Sending
from warehouse.steps import StepError

# Nights count since the last acknowledgement and the last release, whichever is later.
_BURY = """
    insert into ops.dead_letters (system, entity, record_id, build_id, nights_count, error_code)
    select tonight.system, tonight.entity, tonight.record_id, tonight.build_id, count(distinct p.as_of), tonight.error_code
    from ops.writeback_receipts as tonight
    join ops.writeback_receipts as refused using (system, entity, record_id)
    join ops.publications as p on p.build_id = refused.build_id
    where tonight.build_id = %(build)s and tonight.state = 'rejected' and refused.state = 'rejected'
    and refused.receipt_id > coalesce((
        select max(a.receipt_id) from ops.writeback_receipts as a where a.state = 'acked'
        and (a.system, a.entity, a.record_id) = (tonight.system, tonight.entity, tonight.record_id)), 0)
    and refused.receipt_id > coalesce((
        select max(d.released_behind_receipt) from ops.dead_letters as d
        where (d.system, d.entity, d.record_id) = (tonight.system, tonight.entity, tonight.record_id)), 0)
    group by tonight.system, tonight.entity, tonight.record_id, tonight.build_id, tonight.error_code
    having count(distinct p.as_of) >= %(nights)s
    on conflict do nothing
"""
_RELEASE = """
    update ops.dead_letters as d set released_at = clock_timestamp(), released_by = session_user, release_reason = %(reason)s,
        released_behind_receipt = coalesce((select max(receipt_id) from ops.writeback_receipts), 0),
        released_behind_publication = coalesce((select max(publication_id) from ops.publications), 0)
    where d.released_at is null and (%(all)s or d.record_id = any(%(records)s))
    returning d.record_id
"""


def bury(connection: Sending, build_id: str, nights: int) -> int:
    """Make dead letters of the records of `build_id` that were refused in `nights` nights or more; returns how many."""
    return connection.execute(_BURY, {"build": build_id, "nights": nights}).rowcount


def listed() -> list[tuple[Any, ...]]:
    """Every open dead letter: system, record, build of the last refusal, nights, error code."""
    with connect("writeback") as connection:
        return connection.execute(
            "select system, record_id, build_id, nights_count, error_code from ops.dead_letters"
            " where released_at is null order by system, record_id"
        ).fetchall()


def release(records: Sequence[str], reason: str, *, dry_run: bool = False) -> list[str]:
    """Let `records` (none: all) be sent again from the next night on; returns their ids. Raises StepError for one that is not dead."""
    with connect("writeback") as connection:
        asked = {"records": list(records), "all": not records, "reason": reason}
        found = sorted(record for (record,) in connection.execute(_RELEASE, asked).fetchall())
        missing = sorted(set(records) - set(found))
        if missing:
            connection.rollback()
            raise StepError(
                f"{missing[0]} is no dead letter: look at `python -m warehouse dead-letters list`, then give its ids"
            )
        if dry_run:
            connection.rollback()
        return found
