"""How each system behaves where its vendor's documents leave it open, for `connectors check`: what was asked of it shows it.

In: an opened system and the day whose data are looked at. Out: a sentence a fact. Nothing is landed or changed. Fxiaoke's are in
`fxiaoke_ways`.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from connectors import fxiaoke_ways
from connectors.dingtalk import LOGS, DingTalk
from connectors.kingdee import MOST_ROWS, ROUND, Kingdee
from connectors.salesforce import Salesforce
from connectors.sources import Source
from connectors.streams import Stream, mapping_of
from connectors.wecom import BEHAVIOUR, MEMBERS, WeCom
from warehouse.clock import cutoff
from warehouse.walks import Walk

LOOKED_BACK = timedelta(days=30)


def ways(system: str, source: Source, as_of: date) -> list[str]:
    """Which way the system behaves; nothing for one whose documents leave nothing open."""
    found = _WAYS.get(system)
    return found(source, as_of) if found else []


def _stream(system: str, object_name: str = "") -> Stream:
    streams = list(mapping_of(system).streams.values())
    return next((stream for stream in streams if stream.object == object_name), streams[0])


def _recent(source: Source, stream: Stream, as_of: date) -> list[dict[str, Any]]:
    """The rows of the first page that has any, of the last month."""
    walk = Walk(stream.system, stream.name, as_of, cutoff(as_of) - LOOKED_BACK, cutoff(as_of))
    pages = source.pages(stream, walk)
    return next(([row for row in page.rows if isinstance(row, dict)] for page in pages if page.rows), [])


def _kingdee(source: Kingdee, _as_of: date) -> list[str]:
    told, stream = (
        [f"JSON is encoded {'twice' if source.is_encoded_twice else 'once'}; both are read"],
        _stream("kingdee"),
    )
    rows = source.query(stream.object, stream.key, [], order=stream.key, limit=MOST_ROWS)
    is_cut = len(rows) < MOST_ROWS and rows and len(rows) % ROUND == 0
    told.append(
        f"a page of {stream.object} holds {len(rows)} rows of {MOST_ROWS} asked for"
        + (", which is its ceiling" if is_cut else "")
    )
    if stream.changed:
        field = stream.changed.field
        newest = source.query(stream.object, [field], [], order=[field], limit=1, is_newest_first=True)
        told += [
            f"the last change of {stream.object} is {row[field]} by its server's clock, {_read_as(stream)}"
            for row in newest
        ]
    return told


def _read_as(stream: Stream) -> str:
    zone = stream.changed.zone if stream.changed else ""
    return f"read as {zone or 'LANDFALL_TIME_ZONE'}: correct `zone` where that is not its clock"


def _wecom(source: WeCom, as_of: date) -> list[str]:
    told = [f"contacts are asked for by {MEMBERS} members a page; {len(source.members())} may serve customers"]
    stream = _stream("wecom", BEHAVIOUR)
    rows = [
        row
        for page in source.pages(
            stream, Walk("wecom", stream.name, as_of, cutoff(as_of - timedelta(days=1)), cutoff(as_of))
        )
        for row in page.rows
    ]
    is_counted = any(row.get("chat_cnt") for row in rows)
    told.append(
        f"what members did on {as_of} is {'counted' if is_counted else 'still zero'}; its last days are read again"
    )
    idle = [row for row in rows if not row.get("chat_cnt")]
    if idle:
        has_rates = any(row.get("reply_percentage") is not None for row in idle)
        told.append(
            f"rates of a day without chats are {'sent' if has_rates else 'left out'}; those of no chat mean nothing"
        )
    return told


def _dingtalk(source: DingTalk, as_of: date) -> list[str]:
    stream, told = _stream("dingtalk"), []
    customers = [row for rows, _ in source.customers(stream.options["kind"]) for row in rows]
    newest = max((str(row.get("modifyTime", "")) for row in customers), default="")
    told.append(f"the last change of a customer is {newest}, {_read_as(stream)}")
    logs = _recent(source, _stream("dingtalk", LOGS), as_of)
    if logs:
        is_told = any(row.get("modified_time") for row in logs)
        told.append(
            f"logs {'tell' if is_told else 'do not tell'} when they were changed; the last days are read again either way"
        )
    return told


def _salesforce(source: Salesforce, _as_of: date) -> list[str]:
    stream = _stream("salesforce", "Opportunity")
    fields = {field["name"] for field in source.told(f"sobjects/{stream.object}/describe", stream.object)["fields"]}
    page = source.told("query", stream.object, q=f"SELECT Id FROM {stream.object}")  # noqa: S608 - a name of the mapping
    size = f"; a page holds {len(page['records'])} of {page['totalSize']}" if page["done"] is not True else ""
    return [f"the org has {'several currencies' if 'CurrencyIsoCode' in fields else 'one currency'}{size}"]


def _tencent(source: Source, as_of: date) -> list[str]:
    stream = _stream("tencent")
    field = stream.theirs(stream.changed.field) if stream.changed else ""
    at = next((row[field] for row in _recent(source, stream, as_of) if row.get(field) is not None), None)
    if at is None:
        return []
    unit = "s" if isinstance(at, int) else "local"
    is_right = stream.changed is not None and stream.changed.unit == unit
    return [
        f"{field} is {'a number of seconds' if unit == 's' else 'text'}"
        + ("" if is_right else f": say `unit: {unit}` in the mapping")
    ]


_WAYS: dict[str, Callable[[Any, date], list[str]]] = {
    "fxiaoke": lambda source, _as_of: fxiaoke_ways.ways(source),
    "kingdee": _kingdee,
    "wecom": _wecom,
    "dingtalk": _dingtalk,
    "salesforce": _salesforce,
    "tencent": _tencent,
}
