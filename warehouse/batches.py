"""Records column by column, as they are judged and written: a reading of millions takes its time for what is made row by row.

In: records, or the columns that a reader made of whole pages. Out: a batch: ids, hashes, instants of change, rows of a binary COPY. Our own
score fields and the source's bookkeeping are outside the hash.
"""

from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from warehouse.packing import block_of, heads_of, microseconds, row_start

if TYPE_CHECKING:
    from warehouse.landing import Record

BOOKKEEPING = frozenset({"last_modified_time", "last_modified_by", "version"})


class Span(NamedTuple):
    """What the ids of a batch are between, and whether each stands there once."""

    least: str
    greatest: str
    is_distinct: bool


class Batch(NamedTuple):
    """Versions of records of one stream as they leave; the columns are equally long. `changes`: `microseconds` of each change; a row is
    its head and its text; `block`: all rows as one, `told_span`: of the ids, where they were made ready."""

    ids: list[str]
    digests: list[str]
    changes: list[int]
    heads: list[bytes]
    texts: list[bytes]
    block: bytes = b""
    told_span: Span | None = None

    @property
    def span(self) -> Span:
        """What the ids are between; there must be one."""
        return self.told_span or _span_of(self.ids)

    def chosen(self, places: Sequence[int]) -> bytes:
        """The rows at `places`, ascending and each once, as one block."""
        if self.block and len(places) == len(self.ids):
            return self.block
        return block_of([self.heads[place] for place in places], [self.texts[place] for place in places])


def joined(batches: Iterable[Batch]) -> Batch:
    """One batch of several, in their order, its rows ready to leave as one block."""
    several = list(batches)
    if len(several) == 1:
        (one,) = several
        return one if one.block else _ready(one)
    columns = (list(chain.from_iterable(column)) for column in zip(*(each[:5] for each in several), strict=True))
    ids, digests, changes, heads, texts = columns
    return _ready(Batch(ids, digests, changes, heads, texts))


def _ready(batch: Batch) -> Batch:
    return batch._replace(
        block=block_of(batch.heads, batch.texts), told_span=_span_of(batch.ids) if batch.ids else None
    )


def _span_of(ids: list[str]) -> Span:
    return Span(min(ids), max(ids), len(set(ids)) == len(ids))


def batch_of(records: Sequence["Record"], load_id: str, bookkeeping: Collection[str] = BOOKKEEPING) -> Batch:
    """The records as they leave under `load_id`."""
    ids, changes = [each.record_id for each in records], [microseconds(each.changed_at) for each in records]
    sealed = [_split_and_hashed(each.record, bookkeeping) for each in records]
    starts = [row_start(each.known_at, load_id, each.is_reconstructed) for each in records]
    texts, digests = [text for text, _ in sealed], [digest for _, digest in sealed]
    return Batch(ids, digests, changes, heads_of(ids, digests, changes, map(len, texts), starts), texts)


def is_hashed(name: str, bookkeeping: Collection[str]) -> bool:
    """Whether a field tells something of the record: neither the source's bookkeeping nor a score of our own."""
    return name not in bookkeeping and not (name.startswith("lf_") and name.endswith("__c"))


def record_hash(record: dict[str, Any], bookkeeping: Collection[str] = BOOKKEEPING) -> str:
    """sha256 (hex) over the record's canonical JSON without bookkeeping and without our own score fields."""
    return _split_and_hashed(record, bookkeeping)[1]


def _split_and_hashed(record: dict[str, Any], bookkeeping: Collection[str]) -> tuple[bytes, str]:
    """The JSON of a record as it lands, and its hash."""
    rest = {name: value for name, value in record.items() if not is_hashed(name, bookkeeping)}
    told = {name: value for name, value in record.items() if name not in rest} if rest else record
    text = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    digest = sha256(text).hexdigest()
    if rest:
        text = (text[:-1] + b"," if told else b"{") + orjson.dumps(rest)[1:]
    return text, digest
