"""Which streams end before a day does: the one rule by which a build is marked, its name is chosen and the status speaks.

In: `ops.streams`, `ops.watermarks`, a day. Out: the streams that were not read and believed up to its end, and until when they were.
"""

from datetime import date

import psycopg

from warehouse.clock import cutoff

_STALE = """
    select coalesce(jsonb_agg(jsonb_build_object('system', d.system, 'stream', d.stream, 'read_until', w.watermark)
        order by d.system collate "C", d.stream collate "C"), '[]')
    from ops.streams as d left join ops.watermarks as w on w.system = d.system and w.stream = d.stream
    where coalesce(w.watermark, '-infinity') < %s
"""


def stale_inputs(connection: psycopg.Connection, as_of: date) -> list[dict[str, str | None]]:
    """The streams that were not read and believed up to the end of `as_of`: {system, stream, read_until (ISO, None where never)}."""
    found = connection.execute(_STALE, (cutoff(as_of),)).fetchone()
    return found[0] if found else []
