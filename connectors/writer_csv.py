"""Scores of a tenant without a CRM: one CSV a business day, complete or absent, safe to open in a spreadsheet.

In: all messages of the day's published build. Out: `<home>/outputs/<tenant>/opportunity_scores_<day>.csv`.
"""

import csv
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from config.settings import settings
from connectors.writers import WHOLE_BUILD, text_of
from warehouse.receipts import ENTITY, Entity, Message, Outcome

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # full-width signs count too


def writer(as_of: date) -> "CsvWriter":
    """The day's file in the tenant's folder of outputs."""
    return CsvWriter(settings().home / "outputs" / settings().tenant / f"opportunity_scores_{as_of}.csv")


class CsvWriter:
    """One file a build, written in one move."""

    batch = WHOLE_BUILD
    entities: tuple[Entity, ...] = (ENTITY,)

    def __init__(self, path: Path) -> None:
        self._path = path

    def takes(self, message: Message) -> bool:
        """Every message, whatever system its deal is from."""
        return True

    def prepare(self, due: Sequence[Message]) -> None:
        """Nothing depends on how much is due."""

    def values(self, message: Message) -> dict[str, Any]:
        """The payload as it is."""
        return message.payload

    def write(self, batch: Sequence[Message]) -> list[Outcome]:
        """Write the file anew."""
        path = self._path
        path.parent.mkdir(parents=True, exist_ok=True)
        keys = sorted({key for message in batch for key in message.payload})
        fresh = path.with_suffix(f".{os.getpid()}")
        with fresh.open("w", encoding="utf-8-sig", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["opportunity_id", "action", *keys])
            for message in batch:
                cells = (_safe(message.payload.get(key)) for key in keys)
                lines.writerow([_safe(message.record_id), message.action, *cells])
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        print(f"write-back: {len(batch)} rows in {path}")
        return [Outcome("acked", answer=path.name)] * len(batch)

    def holds(self, message: Message) -> bool:
        """Never known: the whole file is cheap to write again."""
        return False

    def wait(self, attempt: int) -> None:
        """Nothing to wait for."""

    def close(self) -> None:
        """Nothing is open."""


def _safe(value: Any) -> str:
    """`value` as a cell; text that a spreadsheet would take for a formula gets a leading apostrophe, numbers stay numbers."""
    if value is None:
        return ""
    text = text_of(value)
    return f"'{text}" if isinstance(value, str | list) and text.startswith(_STARTS_FORMULA) else text
