"""A page's rows sealed together: a first reading of millions takes its time for what is done row by row, so this is done page by page.

In: rows by the tenant's names, of a stream whose values land as they come or as tokens. Out: a batch of what lands, as the reader makes it
row by row, and the rows that it has to look at by itself. Between the two, an open page's personal values are replaced.
"""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import compress, repeat
from operator import attrgetter
from typing import Annotated, Any, NamedTuple

import msgspec

from connectors.decoding import ESCAPE, NUL, Rows
from connectors.scrub import may_name_a_person
from connectors.streams import Stream
from warehouse.batches import Batch, is_hashed
from warehouse.clock import cutoff
from warehouse.packing import EPOCH_MS, heads_of, microseconds, row_start
from warehouse.walks import Walk

# What both encoders write alike: a float from 1e16 on has another exponent, an integer of more than 64 bits is refused by one only.
_Int = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Float = Annotated[float, msgspec.Meta(gt=-1e16, lt=1e16)]
_Plain = bool | _Int | _Float | str | None
_Inner = _Plain | list[_Plain]
_Value = _Plain | list[_Plain | dict[str, _Inner]] | dict[str, _Inner]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXTS = {str, type(None)}
LONGEST_ID = 500  # an index of PostgreSQL holds 2,704 bytes
_AS_STORED, _SORTED = msgspec.json.Encoder(), msgspec.json.Encoder(order="sorted")


class Opened(NamedTuple):
    """A page's rows that land once their personal values are replaced, column by column; `texts`: their JSON before that."""

    sealer: "Sealer"
    forms: list[Any]
    ids: list[str]
    changes: list[int]
    texts: list[bytes]


class Sealer:
    """What the rows of one walk are sealed by."""

    def __init__(self, stream: Stream, walk: Walk, instant: Callable[[Any], datetime | None] | None) -> None:
        names = sorted(stream.names, key=_place_in_jsonb)  # what comes in its order the server need not sort
        places = {name: f"f{place}" for place, name in enumerate(names)}
        self._untold = [places[name] for name in names if not is_hashed(name, stream.bookkeeping)]
        shape = [(place, _Value, None) for place in places.values()]
        renamed = {place: name for name, place in places.items()}
        form = msgspec.defstruct("Form", shape, rename=renamed, omit_defaults=True, gc=False)
        self._forms = list[form]  # type: ignore[valid-type]
        self._of_text = msgspec.json.Decoder(self._forms)
        self.personal = {places[name]: kind for name, kind in stream.classified.items()}
        self._originals = [attrgetter(place) for place in self.personal]
        self._id = attrgetter(places[stream.key[0]])
        self._change = attrgetter(places[stream.changed.field]) if stream.changed else None
        self._of_the_day = cutoff(walk.as_of - timedelta(days=1))
        self._instant, self._window = instant, (walk.window_from or _EPOCH, walk.window_to)
        first, last = (-((_EPOCH - at) // timedelta(milliseconds=1)) for at in self._window)  # rounded up
        self._window_ms = (first, last)
        self._is_ms = stream.changed is not None and stream.changed.unit == "ms"
        self._spoken = [attrgetter(places[name]) for name in stream.spoken]
        self._start = row_start(cutoff(walk.as_of), walk.load_id, walk.is_reconstructed)

    def opened(self, rows: Sequence[Any]) -> tuple[Opened, list[Any]] | None:
        """The rows that land, and those that tell no instant of the window; None for a page in which one is odd."""
        try:
            forms = self._of_text.decode(rows.text) if isinstance(rows, Rows) else msgspec.convert(rows, self._forms)
            block = _AS_STORED.encode_lines(forms)
            ids = list(map(self._id, forms))
            is_odd = (ESCAPE in block and NUL in block) or not all(ids) or not "".join(ids).isascii()
            is_odd = is_odd or max(map(len, ids), default=0) > LONGEST_ID
            is_odd = is_odd or any(may_name_a_person(map(said, forms)) for said in self._spoken)
            is_odd = is_odd or not all(set(map(type, map(original, forms))) <= _TEXTS for original in self._originals)
        except (msgspec.DecodeError, UnicodeEncodeError, TypeError):
            is_odd = True
        if is_odd:
            return None
        texts, (changes, undated) = block.splitlines(), self._changes(forms)
        if undated:
            is_dated = [place not in undated for place in range(len(rows))]
            columns: tuple[list[Any], ...] = (forms, ids, changes, texts)
            forms, ids, changes, texts = (list(compress(column, is_dated)) for column in columns)
        return Opened(self, forms, ids, changes, texts), [rows[place] for place in undated]

    def sealed(self, page: Opened) -> Batch:
        """The rows as they leave."""
        texts = _AS_STORED.encode_lines(page.forms).splitlines() if self.personal else page.texts
        digests = [sha256(told).hexdigest() for told in self._told(page.forms)]
        heads = heads_of(page.ids, digests, page.changes, map(len, texts), repeat(self._start, len(texts)))
        return Batch(page.ids, digests, page.changes, heads, texts)

    def _told(self, forms: list[Any]) -> list[bytes]:
        """What is hashed of each form. What is not is gone from it afterwards."""
        for place in self._untold:
            deque(map(setattr, forms, repeat(place), repeat(None)), maxlen=0)
        return _SORTED.encode_lines(forms).splitlines()

    def _changes(self, forms: list[Any]) -> tuple[list[int], list[int]]:
        """When each record changed, in microseconds, and the places of those that tell no instant within the walk's window."""
        if self._change is None or self._instant is None:
            return [microseconds(self._of_the_day)] * len(forms), []
        values, (begin, end), (first, last) = list(map(self._change, forms)), self._window, self._window_ms
        if self._is_ms and set(map(type, values)) == {int} and first <= min(values) and max(values) < last:
            return [(value - EPOCH_MS) * 1000 for value in values], []
        moments = [at if at is not None and begin <= at < end else None for at in map(self._instant, values)]
        undated = [place for place, at in enumerate(moments) if at is None]
        return [microseconds(at) if at else 0 for at in moments], undated


def _place_in_jsonb(name: str) -> tuple[int, bytes]:
    key = name.encode()
    return len(key), key
