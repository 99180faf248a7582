"""The message archive of the team that uses WeCom, as its decrypted export lies in a folder: one JSON object a line, a file a month.

In: the messages that members logged in the CRM. Out: who wrote to which contact when, half of them the contact, with a text that nobody may
read; a later day adds lines at the end of its month's file. What came before the contact was added is left out.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from sandbox.chatting import MESSAGE, WECOM_TEAM, Chatting, Customer, Done, Team, dice
from sandbox.clock import ZONE, cutoff_ms
from sandbox.store import Store
from sandbox.wecom_people import people_of, user_id

BACK = timedelta(days=90)
TEXTS = ["好的，收到", "报价单发您邮箱了", "下周三可以演示吗", "合同在走流程"]


def write_archive(store: Store, folder: Path) -> dict[str, int]:
    """Write the export of the last months up to the company's day into `folder`; returns messages by file."""
    folder.mkdir(parents=True, exist_ok=True)
    end = cutoff_ms(store.day())
    start = end - int(BACK.total_seconds()) * 1000
    written: dict[str, int] = {}
    messages = sorted(
        _messages(Chatting(store).team(WECOM_TEAM), end), key=lambda each: (each["msgtime"], each["msgid"])
    )
    for month, held in groupby((each for each in messages if start <= each["msgtime"] < end), key=_month):
        lines = [orjson.dumps(each) + b"\n" for each in held]
        path = folder / f"archive_{month}.jsonl"
        path.write_bytes(b"".join(lines))
        written[path.name] = len(lines)
    return written


def _messages(team: Team, end_ms: int) -> Iterator[dict[str, Any]]:
    for customer in team.customers.values():
        for done in customer.done:
            if done.kind == MESSAGE and done.owner == customer.owner:
                yield from _message(customer, done, end_ms)


def _message(customer: Customer, done: Done, end_ms: int) -> Iterator[dict[str, Any]]:
    known = [each for each in people_of(customer, end_ms) if each["follow_info"]["createtime"] * 1000 <= done.at]
    if known:
        contact = known[dice("with", done.id) % len(known)]["external_contact"]["external_userid"]
        ends = [user_id(done.owner), contact]
        sender, receiver = ends if dice("direction", done.id) % 2 else ends[::-1]
        yield {
            "msgid": f"msg-{done.id}", "action": "send", "from": sender, "tolist": [receiver], "roomid": "", "msgtime": done.at,
            "msgtype": "text", "text": {"content": TEXTS[dice("said", done.id) % len(TEXTS)]},
        }  # fmt: skip


def _month(message: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(message['msgtime'] / 1000, UTC).astimezone(ZONE):%Y-%m}"
