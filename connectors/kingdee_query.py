"""The parts of a Kingdee query: windows in the server's local time, conditions behind a key, a form's fields.

In: a stream, its walk, keys as text joined by "|". Out: terms of a FilterString and sets of names.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from config.settings import settings
from connectors.decoding import fault
from connectors.streams import Stream
from warehouse.walks import Walk


def window(stream: Stream, walk: Walk, *, is_behind: bool = False) -> list[str]:
    """The terms that hold a query within the walk's window (or behind its end); none for a snapshot, which has no change time."""
    changed = stream.changed
    if changed is None:
        return []
    zone = ZoneInfo(changed.zone or settings().time_zone)

    def local(instant: datetime) -> str:
        return f"'{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}'"

    if is_behind:
        return [f"{changed.field} >= {local(walk.window_to)}"]
    start = [f"{changed.field} >= {local(walk.window_from)}"] if walk.window_from else []
    return [*start, f"{changed.field} < {local(walk.window_to)}"]


def behind(key: list[str], last: str) -> str:
    """The term for all rows that come after the key `last` in ascending order of its parts."""
    terms, equal = [], ""
    for name, part in zip(key, last.split("|"), strict=True):
        value = part if part.isdigit() else "'" + part.replace("'", "''") + "'"
        terms.append(f"{equal}{name} > {value}")
        equal += f"{name} = {value} and "
    return terms[0] if len(terms) == 1 else f"({' or '.join(f'({term})' for term in terms)})"


def literal_cursor(key: list[str], rows: list[Any]) -> str | None:
    """The key of the last row that has one, joined by "|"; None without such a row."""
    for row in reversed(rows):
        parts = [row.get(name) for name in key] if isinstance(row, dict) else [None]
        if all(isinstance(part, int | str) and part != "" and fault(part) is None for part in parts):
            return "|".join(map(str, parts))
    return None


def known_fields(data: Mapping[str, Any]) -> set[str]:
    """Names that a form's metadata (QueryBusinessInfo) allows in FieldKeys: fields, its key, and each entry's id."""
    names = {str(data.get("PkFieldName"))}
    for entry in data.get("Entrys") or []:
        names |= {str(field.get("Key")) for field in entry.get("Fields") or []}
        names.add(f"{entry.get('Key')}_{entry.get('EntryPkFieldName')}")
    return names
