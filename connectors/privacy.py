"""Personal fields become a token and a display mask before they are landed.

In: records of one page and the stream's classified fields. Out: the same records with `{"token", "mask"}` in those fields, a list of them
where the field is a list; ids that are made of such fields are made of their tokens. The vault keeps the originals first, so no landed
token is without one; equal values have equal tokens. A customer's name that is a company's stays as it is. What people typed into the title
of a deal or the name of a customer is landed with phones, mail addresses, chat ids and identity numbers masked; the vault keeps the whole.
"""

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, repeat
from operator import attrgetter
from typing import Any

from connectors.scrub import scrubbed
from connectors.sealing import Opened
from connectors.streams import Stream
from warehouse import vault
from warehouse.batches import Batch, joined
from warehouse.landing import Record, Reject
from warehouse.walks import Loading

_COMPANY = re.compile(
    r"公司|集团|股份|有限|厂|企业|中心|研究[院所]|医[院疗]|学[校院]|银行|事务所|工作室|合作社|委员会|管理局|协会|酒店|商[行店贸]|超市"
    r"|科技|技术|实业|工[业程]|重工|化工|贸易|机械|设备|装备|部件|模具|器械|电[子器气]|光电|机电|能源|材料|包装|食品|药业|物流|软件|网络"
    r"|\b(co|ltd|inc|corp|llc|gmbh|group|company|limited|technolog\w+)\b",
    re.IGNORECASE,
)


def is_company(name: str) -> bool:
    """Whether a customer's name is certainly a company's: it holds a word that companies' names have; anything else may be a person's."""
    return bool(_COMPANY.search(name.strip()))


def _is_hidden(kind: str, value: str) -> bool:
    return kind != "customer" or not is_company(value)


def _kept(kind: str, value: str) -> vault.Value:
    """What the vault keeps: a customer that is a person has the token of that name wherever else it stands."""
    return ("name", value.strip()) if kind == "customer" else (kind, value)


def mask(kind: str, value: str) -> str:
    """What people may see of `value`: `138****1234`, `王**`, `w***@example.com`, a company; nothing of free text and chat ids."""
    text = value.strip()
    if not _is_hidden(kind, value):
        return value
    if kind == "phone":
        return f"{text[:3]}****{text[-4:]}" if len(text) >= 11 else "****"
    if kind in ("name", "customer"):
        return f"{text[:1]}**"
    if kind == "mail" and "@" in text:
        return f"{text[:1]}***@{text.rpartition('@')[2]}"
    return "****"


def _parts(value: Any) -> list[str]:
    return [str(part) for part in (value if isinstance(value, list) else [value]) if part]


def protect(
    connection: Loading, records: Sequence[dict[str, Any]], classified: Mapping[str, str], load_id: str
) -> None:
    """Replace the classified fields of `records` in place; one statement for the page. Missing and empty values stay as they are."""
    held = [
        (record, field, kind)
        for record in records
        for field, kind in classified.items()
        if any(_is_hidden(kind, part) for part in _parts(record.get(field)))
    ]
    if not held:
        return
    values = [_kept(kind, part) for record, field, kind in held for part in _parts(record[field])]
    tokens = vault.tokens(connection, values, load_id)
    for record, field, kind in held:
        hidden = [{"token": tokens[_kept(kind, part)], "mask": mask(kind, part)} for part in _parts(record[field])]
        record[field] = hidden if isinstance(record[field], list) else hidden[0]


class Hidden:
    """The personal values of open pages of one stream, column by column: one that stands in many rows is looked at once.

    Looked at without a server, exchanged with one, replaced without one.
    """

    def __init__(self, pages: Sequence[Opened]) -> None:
        self._pages, self._personal = pages, pages[0].sealer.personal
        self._forms = list(chain.from_iterable(page.forms for page in pages))
        self._columns = {place: list(map(attrgetter(place), self._forms)) for place in self._personal}
        values = {
            (kind, value) for place, kind in self._personal.items() for value in set(self._columns[place]) if value
        }
        self._kept = {value: _kept(*value) for value in values if _is_hidden(*value)}
        self._asked = vault.hashed(self._kept.values()) if self._kept else {}
        self._tokens = dict[vault.Value, str]()

    def exchange(self, connection: Loading, load_id: str) -> None:
        """Have the vault keep the values."""
        if self._asked:
            self._tokens = vault.tokens_of(connection, self._asked, load_id)

    def sealed(self) -> Batch:
        """What lands of the pages."""
        shown = {value: {"token": self._tokens[kept], "mask": mask(*value)} for value, kept in self._kept.items()}
        for place, kind in self._personal.items():
            replaced = [shown.get((kind, value), value) for value in self._columns[place]]
            deque(map(setattr, self._forms, repeat(place), replaced), maxlen=0)
        return joined(page.sealer.sealed(page) for page in self._pages)


def scrub(connection: Loading, stream: Stream, records: Sequence[dict[str, Any]], load_id: str) -> None:
    """Mask in place what names a person in fields that people type into and that no kind is declared for."""
    spoken = stream.spoken
    found = [
        (record, field, record[field], shown)
        for record in records
        for field in spoken
        if isinstance(record.get(field), str) and (shown := scrubbed(record[field])) != record[field]
    ]
    if found:
        vault.tokens(connection, [("text", said) for _, _, said, _ in found], load_id)
    for record, field, _, shown in found:
        record[field] = shown


def protected(
    connection: Loading, stream: Stream, records: list[Record], rejects: list[Reject], load_id: str
) -> tuple[list[Record], list[Reject]]:
    """A page without originals: its records' classified fields, and the ids of records and rejects that such a field is part of."""
    scrub(connection, stream, [record.record for record in records], load_id)
    if not stream.classified:
        return records, rejects
    ids = [record.record_id for record in records] + [reject.record_id for reject in rejects if reject.record_id]
    protect(connection, [record.record for record in records], stream.classified, load_id)
    kinds = [stream.classified.get(name) for name in stream.key]
    if not any(kinds):
        return records, rejects
    split = {record_id: list(zip(kinds, record_id.split("|"), strict=False)) for record_id in ids}
    named = [(kind, part) for parts in split.values() for kind, part in parts if kind]
    tokens = vault.tokens(connection, named, load_id)
    hidden = {
        record_id: "|".join(tokens[kind, part] if kind else part for kind, part in parts)
        for record_id, parts in split.items()
    }
    return (
        [record._replace(record_id=hidden[record.record_id]) for record in records],
        [replace(reject, record_id=hidden[reject.record_id] if reject.record_id else None) for reject in rejects],
    )
