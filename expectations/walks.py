"""The walks that a landing gate judges: those whose window ends after the last day that passed, up to the day's cutoff.

A rerun of a day judges the same walks, since only days before it move the lower bound.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from string import Template
from typing import Any

from config.settings import settings
from warehouse import watermarks
from warehouse.clock import cutoff
from warehouse.frames import fetch_all

_REACHED = """(
    select d.system, d.stream, d.is_required, w.watermark,
        not d.is_required or coalesce($cutoff - w.watermark <= d.max_age, false) as may_be_missing
    from ops.streams as d left join ops.watermarks as w on w.system = d.system and w.stream = d.stream
)"""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stream:
    """One stream with what its walks of this gate counted."""

    system: str
    name: str
    received: int
    landed: int

    @property
    def table(self) -> str:
        """Its landing table, schema included."""
        return f"landing.{self.system}__{self.name}"


def judged_since(as_of: date) -> datetime:
    """The cutoff of the last day before `as_of` whose landing gate passed; long ago when none did."""
    found = fetch_all(
        "checker",
        """
        select max(as_of) from (
            select distinct on (as_of) as_of, verdict from ops.gate_verdicts
            where border = 'landing' and as_of < %s order by as_of, verdict_id desc) as newest
        where verdict = 'passed'""",
        (as_of,),
    )
    return cutoff(found[0][0]) if found[0][0] else LONG_AGO


def streams(as_of: date) -> list[Stream]:
    """The streams walked for this gate."""
    query = "select system, stream, sum(received), sum(landed) from ops.loads where $judged group by system, stream order by system, stream"
    return [Stream(*row) for row in fetch_all("checker", fill(query, as_of))]


def move_watermarks(connection: Any, as_of: date) -> None:
    """Move the watermark of every stream walked to the end of `as_of`, inside the verdict's transaction."""
    for system, stream in connection.execute(
        "select distinct system, stream from ops.loads where state = 'finished' and window_to = %s", (cutoff(as_of),)
    ).fetchall():
        watermarks.move(connection, system, stream, cutoff(as_of), as_of)


def fill(query: str, as_of: date, **names: str) -> str:
    """`query` with $judged (the walks of this gate), $cutoff, $as_of, $zone, $reached (how far each declared stream was read and believed,
    and whether it may be that old) and `names` filled in: GX takes no bound parameters."""
    end, since = (f"timestamptz '{instant.isoformat()}'" for instant in (cutoff(as_of), judged_since(as_of)))
    return Template(query).substitute(
        names,
        reached=_REACHED.replace("$cutoff", end),
        judged=f"window_to > {since} and window_to <= {end}",
        since=since,
        cutoff=end,
        as_of=f"date '{as_of}'",
        zone=f"'{settings().time_zone}'",
    )
