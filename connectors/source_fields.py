"""Which fields a source's objects have, night by night: one that appears is told of once, and not read before a mapping names it.

In: a source that describes itself. Out: `ops.source_fields`, which the landing gate reads.
"""

from collections.abc import Collection
from datetime import date
from typing import Protocol, runtime_checkable

from connectors.streams import Stream, mapping_of
from warehouse.batches import is_hashed
from warehouse.steps import StepError
from warehouse.walks import Loading

_NOTE = """
    with known as (select exists(select from ops.source_fields where system = %(system)s and stream = %(stream)s) as is_known)
    insert into ops.source_fields (system, stream, field, is_new, first_seen_on)
    select %(system)s, %(stream)s, told.field, known.is_known, %(as_of)s from unnest(%(fields)s::text[]) as told (field) cross join known
    on conflict do nothing returning field, is_new
"""


@runtime_checkable
class Describing(Protocol):
    """A source that tells which fields an object has."""

    def describe(self, object_name: str) -> Collection[str]:
        """Their names in this tenant."""


def note_fields(connection: Loading, source: object, stream: Stream, as_of: date) -> list[str]:
    """Keep the names of the stream's fields, those for our own scores aside; returns the ones that are new since an earlier night.

    A source that does not describe itself, or refuses to, stops no night.
    """
    if not isinstance(source, Describing):
        return []
    backs = mapping_of(stream.system).write_backs.values()
    ours = {target.field for back in backs for target in back.fields.values()}
    try:
        fields = sorted(name for name in source.describe(stream.object) if name not in ours and is_hashed(name, ()))
    except StepError:
        return []
    told = {"system": stream.system, "stream": stream.name, "as_of": as_of, "fields": fields}
    with connection.transaction():
        noted = connection.execute(_NOTE, told).fetchall()
    return sorted(field for field, is_new in noted if is_new)
