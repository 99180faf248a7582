"""Which records of a batch say something new, before any of them is written.

In: a batch of one stream's records. Out: those that land. A record is compared with the newest version of its id that is not later
than itself, whether that has landed or stands in the same page. One statement asks whether any id between the least and the greatest has
landed, which at first none has; another which have; a third asks for the versions of those.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from warehouse.batches import Batch
from warehouse.packing import instant, microseconds
from warehouse.walks import Loading

_KNOWN = """
select o.place - 1 from unnest(string_to_array(%s::text, chr(31))) with ordinality as o (record_id, place)
cross join lateral (select from {table} as v where v.record_id = o.record_id limit 1) as known"""
_UNTOUCHED = """
select (d.datlocprovider = 'b' or d.datlocprovider = 'c' and d.datcollate in ('C', 'POSIX', 'C.UTF-8', 'C.utf8'))
    and (select v.record_id from {table} as v where v.record_id >= %s order by v.record_id limit 1) <= %s is not true
from pg_database as d where d.datname = current_database()"""  # only where the server orders text as we do
_BETWEEN = "\x1f"  # ids travel as one text, which costs the client a tenth of an array
_LANDED = """
select o.place - 1, l.record_hash, l.changed_at, n.is_behind is not null
from unnest(%b::text[], %b::timestamptz[]) with ordinality as o (record_id, changed_at, place)
left join lateral (
    select v.record_hash, v.changed_at from {table} as v
    where v.record_id = o.record_id and v.changed_at <= o.changed_at
    order by v.changed_at desc, v.known_at desc, v.load_id desc, v.record_hash desc limit 1
) as l on true
left join lateral (
    select true as is_behind from {table} as v where v.record_id = o.record_id and v.changed_at > o.changed_at limit 1
) as n on true"""
_Landed = tuple[str | None, int | None, bool]  # hash and change of the version before, whether a later one has landed
_NOTHING: _Landed = (None, None, False)


@dataclass(frozen=True, slots=True)
class Judged:
    """Places of the versions that land; how many say nothing new, and how many of those came back from us."""

    news: Sequence[int]
    unchanged: int
    echoed: int


def is_untouched(connection: Loading, table: str, batch: Batch) -> bool:
    """Whether nothing between the least and the greatest id of the batch has landed in `table`, as far as one cheap question tells."""
    statement = sql.SQL(_UNTOUCHED).format(table=sql.Identifier(*table.split(".")))
    found = connection.execute(statement, (batch.span.least, batch.span.greatest)).fetchone()
    return bool(found and found[0])


def judged(connection: Loading, table: str, batch: Batch, *, is_new: bool) -> Judged:
    """What the versions of a batch, all of one stream's `table`, say beyond what is known. `is_new`: of their ids nothing has landed."""
    changes, hashes = batch.changes, batch.digests
    landed, before = {} if is_new else _landed(connection, table, batch), _before(batch)
    if not landed and not before:
        return Judged(range(len(batch.ids)), 0, 0)
    news, echoed = [], 0
    for place, changed in enumerate(changes):
        former_hash, former_change, is_behind = landed.get(place, _NOTHING)
        former = before.get(place)
        if former is not None and (former_change is None or former_change <= changes[former]):
            former_hash, former_change = hashes[former], changes[former]
        if hashes[place] != former_hash:
            news.append(place)
        elif former_change is not None and changed > former_change and not is_behind:
            echoed += 1
    return Judged(news, len(changes) - len(news), echoed)


def _landed(connection: Loading, table: str, batch: Batch) -> dict[int, _Landed]:
    places = _known(connection, table, batch.ids)
    if not places:
        return {}
    statement = sql.SQL(_LANDED).format(table=sql.Identifier(*table.split(".")))
    asked = ([batch.ids[place] for place in places], [instant(batch.changes[place]) for place in places])
    found = connection.execute(statement, asked, binary=True)
    return {places[at]: (former, microseconds(on) if on else None, is_behind) for at, former, on, is_behind in found}


def _known(connection: Loading, table: str, ids: list[str]) -> Sequence[int]:
    """The places of the ids of which any version has landed; of all, where an id could be taken for two."""
    text = _BETWEEN.join(ids)
    if text.count(_BETWEEN) != len(ids) - 1:
        return range(len(ids))
    statement = sql.SQL(_KNOWN).format(table=sql.Identifier(*table.split(".")))
    return [place for (place,) in connection.execute(statement, (text,), binary=True)]


def _before(batch: Batch) -> dict[int, int]:
    """For each version whose id stands in the batch more than once: the place of the version before it, where there is one."""
    if batch.span.is_distinct:
        return {}
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, record_id in enumerate(batch.ids):
        places[record_id].append(place)
    found: dict[int, int] = {}
    for several in places.values():
        several.sort(key=lambda place: batch.changes[place])  # of one instant the later in the page is the later
        found.update(zip(several[1:], several, strict=False))
    return found
