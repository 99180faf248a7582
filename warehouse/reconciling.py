"""Which landed records a source no longer has: what a whole answer or a list of ids leaves out.

In: the ids that a source showed. Out: the landed ids that still live and were not shown. A list read after the end of a day cannot tell
whether a record went before or after it, so what it misses is noted for its day and buried by the next night that still does not see it.
"""

from collections.abc import Collection

from psycopg import sql

from config.settings import settings
from warehouse.clock import cutoff
from warehouse.walks import Loading, Walk

_LIVING = """
select record_id, known_at from (
    select distinct on (record_id) record_id, known_at, coalesce((record ->> 'is_deleted')::boolean, false) as is_deleted
    from {table} where known_at <= %(end)s
    order by record_id, changed_at desc, known_at desc, load_id desc
) as newest
where not is_deleted"""
_NOTED = f"""
select m.record_id from ops.missing_records as m join ({_LIVING}) as l using (record_id)
where m.system = %(system)s and m.stream = %(stream)s and m.noted_for = (
        select max(as_of) from ops.loads
        where system = %(system)s and stream = %(stream)s and as_of < %(as_of)s and state = 'finished'
    ) and l.known_at <= (m.noted_for + 1)::timestamp at time zone %(zone)s"""  # noqa: S608 - our own constant


def _table(walk: Walk) -> sql.Identifier:
    return sql.Identifier(*walk.table.split("."))


def unseen(connection: Loading, walk: Walk, seen: Collection[str]) -> list[str]:
    """The ids that live in the walk's table as known at the end of its day and are not among `seen`, in order."""
    statement = sql.SQL(_LIVING).format(table=_table(walk))
    living = connection.execute(statement, {"end": cutoff(walk.as_of)}).fetchall()
    shown = set(seen)
    return sorted(record_id for record_id, _ in living if record_id not in shown)


def noted_last(connection: Loading, walk: Walk) -> set[str]:
    """The ids that the list of the day read before left out and of which nothing was heard since.

    Notes of days before that were looked at again by then: what a second list showed has not gone.
    """
    statement = sql.SQL(_NOTED).format(table=_table(walk))
    values = {
        "system": walk.system,
        "stream": walk.stream,
        "as_of": walk.as_of,
        "end": cutoff(walk.as_of),
        "zone": settings().time_zone,
    }
    return {record_id for (record_id,) in connection.execute(statement, values).fetchall()}


def note_missing(connection: Loading, walk: Walk, missing: Collection[str]) -> None:
    """Note the ids that a list read for the walk's day left out; noted twice is noted once."""
    with connection.transaction():
        connection.execute(
            "insert into ops.missing_records (system, stream, record_id, noted_for)"
            " select %s, %s, record_id, %s from unnest(%s::text[]) as m (record_id) on conflict do nothing",
            (walk.system, walk.stream, walk.as_of, sorted(missing)),
        )
