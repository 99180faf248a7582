"""WeCom's message archive as a folder of decrypted exports: who wrote to whom and when. Content is not read.

In: the folder that LANDFALL_WECOM_ARCHIVE_DIR names, with `*.jsonl` files of decrypted messages, one a line
({msgid, action, from, tolist, roomid, msgtime (ms), msgtype, …}); the members whose messages may be archived. Out: pages of flat rows, one
a message between a member and a contact. Groups are left out: nobody can tell to whom a message there was addressed.
"""

from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

from connectors.decoding import UndecodableError, decode
from connectors.sources import Page
from warehouse.steps import StepError

PAGE = 5_000
CONTACT = ("wm", "wo")  # how ids of external contacts begin


def archive_pages(folder: Path, members: Set[str], start_ms: int, end_ms: int, done: str | None) -> Iterator[Page]:
    """The messages of [start, end) file by file, behind the file that was `done` last. Raises StepError when the folder is not there."""
    if not folder.is_dir():
        raise StepError(f"{folder} does not exist: correct LANDFALL_WECOM_ARCHIVE_DIR, then rerun")
    for path in sorted(folder.glob("*.jsonl")):
        if done is None or path.name > done:
            rows = [row for row in _rows(path, members) if _is_between(row, start_ms, end_ms)]
            for at in range(0, len(rows), PAGE):
                is_whole = at + PAGE >= len(rows)
                yield Page(rows[at : at + PAGE], path.name if is_whole else None, False)


def _is_between(row: dict[str, Any], start_ms: int, end_ms: int) -> bool:
    """Whether the message belongs to the window; one without a readable instant is kept, to be set aside by name."""
    at = row.get("msgtime")
    return not isinstance(at, int) or start_ms <= at < end_ms


def _rows(path: Path, members: Set[str]) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().splitlines():
        if not line.strip():
            continue
        try:
            message = decode(line)
        except UndecodableError:
            yield {"msgid": None}
            continue
        row = flattened(message, members) if isinstance(message, dict) else {"msgid": None}
        if row is not None:
            yield row


def flattened(message: dict[str, Any], members: Set[str]) -> dict[str, Any] | None:
    """The message as member, contact, direction and instant; None when it is none between a consenting member and one contact."""
    sender, receivers = message.get("from"), message.get("tolist")
    if not isinstance(sender, str) or not isinstance(receivers, list) or len(receivers) != 1 or message.get("roomid"):
        return None
    receiver = str(receivers[0])
    direction = "in" if sender.startswith(CONTACT) else "out"
    member, contact = (receiver, sender) if direction == "in" else (sender, receiver)
    if member not in members or not contact.startswith(CONTACT):
        return None
    told = {name: message.get(name) for name in ("msgid", "msgtime", "msgtype")}
    return told | {"userid": member, "external_userid": contact, "direction": direction}
