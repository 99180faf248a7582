"""Personal fields become a token and a display mask before they are landed.

In: records of one page and the stream's classified fields. Out: the same records with `{"token", "mask"}` in those fields. The vault
keeps the originals first, so no landed token is without one; equal values have equal tokens.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from warehouse import vault
from warehouse.walks import Loading


def mask(kind: str, value: str) -> str:
    """What people may see of `value`: `138****1234`, `王**`, `w***@example.com`; nothing of free text and chat ids."""
    text = value.strip()
    if kind == "phone":
        return f"{text[:3]}****{text[-4:]}" if len(text) >= 11 else "****"
    if kind == "name":
        return f"{text[:1]}**"
    if kind == "mail" and "@" in text:
        return f"{text[:1]}***@{text.rpartition('@')[2]}"
    return "****"


def protect(
    connection: Loading, records: Sequence[dict[str, Any]], classified: Mapping[str, str], load_id: str
) -> None:
    """Replace the classified fields of `records` in place; one statement for the page. Missing and empty values stay as they are."""
    held = [
        (record, field, kind, str(record[field]))
        for record in records
        for field, kind in classified.items()
        if record.get(field)
    ]
    if not held:
        return
    tokens = vault.tokens(connection, [(kind, value) for _, _, kind, value in held], load_id)
    for record, field, kind, value in held:
        record[field] = {"token": tokens[kind, value], "mask": mask(kind, value)}
