"""One night by hand: start what is ours to start, run the real DAG through Airflow, end with the summary.

In: a day (default: the one that ended last), or a folder of files with its mapping. Out: exit code 0 and one screen; on failure one
sentence and one command.
"""

import json
import sys
import time
from datetime import date
from pathlib import Path

import yaml

from config.settings import settings, use
from nightly import airflow, version
from nightly import summary as screen
from nightly.business_day import resolve
from nightly.facts import unread
from nightly.night_lock import DAG, alone
from nightly.services import start_for_night
from warehouse.steps import StepError


def use_input(folder: Path, mapping: Path) -> None:
    """Point this night at a folder of files: the mapping names tenant, time zone and grid of snapshots."""
    for path, name in ((folder, "INPUT"), (mapping, "MAPPING")):
        if not path.exists():
            raise StepError(
                f"{name}={path} does not exist: give the {'folder of files' if name == 'INPUT' else 'mapping file'}"
            )
    said = yaml.safe_load(mapping.read_text("utf-8"))
    values = {"tenant": said["tenant"], "time_zone": said["time_zone"], "input_dir": str(folder.resolve())}
    values |= {"mapping": str(mapping.resolve()), "snapshot_every_days": str(said.get("snapshot_every_days", 7))}
    use(**values, sources="files", sandbox="false", writeback="csv", history="none")


class Progress:
    """Tells people where the night is: each step with its time, what steps say as they go."""

    def __init__(self) -> None:
        self.started = self.step_started = time.monotonic()
        self.step = ""
        self.last_said: dict[str, str] = {}

    def __call__(self, task: str, line: str) -> None:
        if not line:
            self.close()
            self.step, self.step_started = task, time.monotonic()
            print(f"── {task}", flush=True)
        else:
            self.last_said[task] = line
            print(f"   {line}", flush=True)

    def close(self) -> None:
        """End the step that is open."""
        if self.step:
            print(f"   {self.step} took {time.monotonic() - self.step_started:.0f} s", flush=True)
        self.step = ""


def chosen_systems(asked: str) -> list[str]:
    """The systems that a night reads: those `asked` for (separated by commas), or all. Raises StepError for one that is not connected."""
    known = settings().systems
    chosen = [name.strip() for name in asked.split(",") if name.strip()]
    strange = next((name for name in chosen if name not in known), None)
    if strange:
        raise StepError(
            f"there is no system {strange}: choose among {', '.join(known) or 'none, since none is connected'}"
        )
    return chosen or known


def run(asked: str, *, systems: str = "", dry_run: bool = False) -> int:
    """Run the night of `asked` (empty: the day that ended last), reading `systems` (empty: all). Returns the exit code."""
    start_for_night()
    as_of, read = resolve(asked), chosen_systems(systems)
    if dry_run:
        print(
            f"would run the night of {as_of} for tenant {settings().tenant} on {settings().pg_database}, reading {', '.join(read)}"
        )
        return 0
    airflow.prepare()
    version.note()
    with alone():
        return _run_locked(as_of, systems)


def _run_locked(as_of: date, systems: str) -> int:
    log = settings().home / "logs" / f"night-{settings().tenant}-{as_of}.log"
    print(f"night of {as_of} · tenant {settings().tenant} · log {log}", flush=True)
    progress = Progress()
    asked = {"as_of": as_of.isoformat(), "systems": systems}
    code, failed = airflow.run_dag(DAG, json.dumps(asked), log, progress)
    last = progress.step
    progress.close()
    screen.show(as_of, elapsed_s=time.monotonic() - progress.started)
    missing = unread(as_of)
    for system, said in missing:
        print(f"\n{system} was not read: {said}", file=sys.stderr)
    if code != 0:
        ends = [task for task in failed if task != "extract"]  # its systems are named above
        reasons = [
            f"failed at {task}: {progress.last_said.get(task, 'Airflow gave no reason')}" for task in ends or [last]
        ]
        print("", *reasons, f"the whole log: less {log}", sep="\n", file=sys.stderr)
        return 1
    if missing:
        print(
            f"the build is marked stale; when it is back: make rerun SYSTEM={missing[0][0]} AS_OF={as_of}",
            file=sys.stderr,
        )
    return 0
