"""Scores of a tenant without a CRM: one CSV a business day, complete or absent, safe to open in a spreadsheet.

In: the messages of the day's published build. Out: `<home>/outputs/<tenant>/opportunity_scores_<day>.csv` and a receipt a record.
"""

import csv
import os
from collections import Counter
from datetime import date
from typing import Any

from config.settings import settings
from warehouse.failpoints import failpoint
from warehouse.receipts import Message, Outcome, Sending, settle_all

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # full-width signs count too


def write(connection: Sending, as_of: date, owed: list[Message]) -> Counter[str]:
    """Write all messages of the build in one move and note those not acknowledged yet. Returns what became of them."""
    folder = settings().home / "outputs" / settings().tenant
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"opportunity_scores_{as_of}.csv"
    keys = sorted({key for message in owed for key in message.payload})
    failpoint("writeback.before")
    fresh = path.with_suffix(f".{os.getpid()}")
    with fresh.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["opportunity_id", "action", *keys])
        for message in owed:
            lines.writerow(
                [_safe(message.record_id), message.action, *(_safe(message.payload.get(key)) for key in keys)]
            )
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    failpoint("writeback.inside")
    due = [message for message in owed if message.state != "acked"]
    settle_all(connection, due, Outcome("acked", answer=path.name))
    failpoint("writeback.after")
    print(f"write-back: {len(owed)} rows in {path}")
    return Counter(sent=len(due), acked=len(due), skipped=len(owed) - len(due))


def _safe(value: Any) -> str:
    """`value` as a cell; text that a spreadsheet would take for a formula gets a leading apostrophe, numbers stay numbers."""
    if value is None:
        return ""
    text = "；".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if isinstance(value, str | list) and text.startswith(_STARTS_FORMULA) else text
