"""What became of each part of a walk, such as one file of a folder; counted in the transaction that lands its page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.walks import Loading, Walk

if TYPE_CHECKING:
    from warehouse.landing import PageCounts


@dataclass(frozen=True, slots=True)
class Part:
    """A part by name; `begins`: the page holds its first records, so what an earlier attempt of the walk counted of it is void."""

    name: str
    begins: bool


def count_part(connection: Loading, walk: Walk, part: Part, counts: "PageCounts") -> None:
    """Add a page to its part's counts."""
    kept = 0 if part.begins else 1
    connection.execute(
        "insert into ops.load_parts as held (load_id, part, received, landed, unchanged, quarantined)"
        " values (%(load)s, %(part)s, %(received)s, %(landed)s, %(unchanged)s, %(quarantined)s)"
        " on conflict (load_id, part) do update set"
        " received = held.received * %(kept)s + excluded.received, landed = held.landed * %(kept)s + excluded.landed,"
        " unchanged = held.unchanged * %(kept)s + excluded.unchanged,"
        " quarantined = held.quarantined * %(kept)s + excluded.quarantined",
        {
            "load": walk.load_id,
            "part": part.name,
            "received": counts.received,
            "landed": counts.landed,
            "unchanged": counts.unchanged,
            "quarantined": counts.quarantined,
            "kept": kept,
        },
    )
