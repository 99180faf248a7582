"""One JSON line a step, for whoever collects logs: which step of which day ended how, after how long, with how much
memory and which counts; never a value.

In: a run of a step. Out: a line at the end of the file that `LANDFALL_STEP_LOG` names; without it, nothing.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import orjson

from config.settings import settings


def _counts(detail: dict[str, Any], of: str = "") -> Iterator[tuple[str, float]]:
    """Every number a step noted, those of its streams as `stream.count`."""
    for name, told in detail.items():
        if isinstance(told, dict):
            yield from _counts(told, f"{name}.")
        elif isinstance(told, int | float):
            yield f"{of}{name}", told


def append(step: str, as_of: date, state: str, began: datetime, detail: dict[str, Any], peak_rss_bytes: int) -> None:
    """Add one line in one write; that it cannot be written is said on stderr, and is not the step's failure."""
    path = settings().step_log
    if path is None:
        return
    ended = datetime.now(UTC)
    told = {
        "at": ended, "tenant": settings().tenant, "step": step, "as_of": as_of, "state": state,
        "seconds": round((ended - began).total_seconds(), 3), "peak_rss_bytes": peak_rss_bytes,
        "system": detail.get("system"), "error": detail.get("error"), "counts": dict(_counts(detail)),
    }  # fmt: skip
    line = orjson.dumps({name: value for name, value in told.items() if value is not None}) + b"\n"
    try:
        with path.open("ab", buffering=0) as file:
            file.write(line)
    except OSError as error:
        print(f"{path} cannot be written ({error.strerror}): correct LANDFALL_STEP_LOG", file=sys.stderr)
