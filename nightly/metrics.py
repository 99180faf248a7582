"""The metrics of a night as Prometheus reads text: rows, lag, durations, checks, receipts, alerts.

In: how the night stands, and `ops`. Out: text in the exposition format, and the file of it, replaced in one move;
labels are names of ours, never a value of a record.
"""

import os
import sys
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from config.settings import settings
from nightly.status import Status, status
from warehouse.clock import cutoff
from warehouse.frames import fetch_all
from warehouse.steps import StepError

STATES = ("done", "running", "failed", "blocked", "not_started", "stopped")
COUNTS = ("received", "landed", "unchanged", "echoed", "quarantined", "held_back")
_ROWS = f"""
    select system, stream, {", ".join(COUNTS)} from (
        select distinct on (system, stream) * from ops.loads where as_of = %s order by system, stream, started_at desc
    ) as walks order by 1, 2
"""  # noqa: S608 - our own constants
_CHECKS = """
    select border, level, state, count(*) from (
        select distinct on (suite, expectation, table_name) * from ops.check_results where as_of = %s
        order by suite, expectation, table_name, check_id desc
    ) as newest group by 1, 2, 3 order by 1, 2, 3
"""
_RECEIPTS = """
    select r.system, r.state, count(*) from ops.writeback_receipts as r
    join ops.builds as b using (build_id) where b.as_of = %s group by 1, 2 order by 1, 2
"""
_ALERTS = "select rule, count(*) from ops.alerts where cleared_build_id is null group by 1 order by 1"
_LAG = """
    select s.system, s.stream, extract(epoch from %s - w.watermark) from ops.streams as s
    join ops.watermarks as w using (system, stream) order by 1, 2
"""
Sample = tuple[dict[str, Any], Any]


def text(found: "Status", now: datetime) -> str:
    """All metrics of the night that `found` tells of, written at `now`."""
    day = (found.day,)
    shown: list[Sample] = [({}, cutoff(found.shown).timestamp())] if found.shown else []
    families: list[tuple[str, str, Iterable[Sample]]] = [
        ("written_at_seconds", "when these figures were written", [({}, now.timestamp())]),
        ("published_day_end_seconds", "end of the business day that readers see", shown),
        ("night_state", "how the night stands: 1 at its state", [({"state": s}, int(s == found.state)) for s in STATES]),
        ("night_is_late", "whether the build was due and is not there", [({}, int(found.is_late))]),
        ("stale_streams", "streams not read to the end of the day", [({}, len(found.stale))]),
        ("step_seconds", "time that a step's newest run took",
         [({"step": step, "system": system or ""}, took) for step, _, _, system, took, _ in found.steps if took is not None]),
        ("step_peak_rss_bytes", "most memory that a step's newest run held at once",
         [({"step": step, "system": system or ""}, peak) for step, _, _, system, _, peak in found.steps if peak is not None]),
        ("rows", "rows of the night's walks by what became of them",
         [({"system": system, "stream": stream, "kind": kind}, number)
          for system, stream, *numbers in fetch_all("auditor", _ROWS, day) for kind, number in zip(COUNTS, numbers, strict=True)]),
        ("lag_seconds", "from a stream's watermark to the end of the day",
         [({"system": system, "stream": stream}, lag) for system, stream, lag in fetch_all("auditor", _LAG, (cutoff(found.day),))]),
        ("checks", "results of the gates' checks",
         [({"border": border, "level": level, "state": state}, n) for border, level, state, n in fetch_all("auditor", _CHECKS, day)]),
        ("receipts", "what became of the scores that were sent",
         [({"system": system, "state": state}, n) for system, state, n in fetch_all("auditor", _RECEIPTS, day)]),
        ("alerts_open", "alerts whose cause is not gone", [({"rule": rule}, n) for rule, n in fetch_all("auditor", _ALERTS)]),
    ]  # fmt: skip
    return "".join(_family(*family) for family in families)


def _family(name: str, said: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP landfall_{name} {said}", f"# TYPE landfall_{name} gauge"]
    for labels, value in samples:
        told = ",".join(
            f'{key}="{_escaped(str(each))}"' for key, each in {"tenant": settings().tenant, **labels}.items()
        )
        lines.append(f"landfall_{name}{{{told}}} {float(value):.15g}")
    return "\n".join(lines) + "\n"


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def write(day: date, now: datetime) -> Path | None:
    """Write the metrics file that the settings name, in one move; None where they name none. Raises StepError where it cannot be."""
    path = settings().metrics_file
    if path is None:
        return None
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    told = text(status(day, now), now)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(told, "utf-8")
        fresh.chmod(0o644)  # the collector is another user; no value of a record is in it
        fresh.replace(path)
    except OSError as error:
        raise StepError(f"{path} cannot be written ({error.strerror}): correct LANDFALL_METRICS_FILE") from error
    return path


def write_beside(day: date, now: datetime) -> None:
    """Write them beside a step of which they are no part: that they could not be written is said, and is not the step's failure."""
    try:
        write(day, now)
    except StepError as error:
        print(error, file=sys.stderr)
