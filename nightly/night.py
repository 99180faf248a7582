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
from nightly import airflow
from nightly import summary as screen
from nightly.business_day import resolve
from nightly.services import start_for_night
from warehouse.connection import connect
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


def run(asked: str, *, dry_run: bool = False) -> int:
    """Run the night of `asked` (empty: the day that ended last). Returns the exit code."""
    start_for_night()
    as_of = resolve(asked)
    if dry_run:
        print(f"would run the night of {as_of} for tenant {settings().tenant} on {settings().pg_database}")
        return 0
    airflow.prepare()
    with connect("owner_ddl", autocommit=True) as lock:
        taken = lock.execute("select pg_try_advisory_lock(hashtext(%s))", (f"night {settings().tenant}",)).fetchone()
        if not taken or not taken[0]:
            raise StepError(
                f"a night of {settings().tenant} is already running: wait for it, or look at it with `make up`"
            )
        return _run_locked(as_of)


def _run_locked(as_of: date) -> int:
    log = settings().home / "logs" / f"night-{settings().tenant}-{as_of}.log"
    print(f"night of {as_of} · tenant {settings().tenant} · log {log}", flush=True)
    progress = Progress()
    code = airflow.run_dag("nightly_forecast", json.dumps({"as_of": as_of.isoformat()}), log, progress)
    failed = progress.step
    progress.close()
    screen.show(as_of, elapsed_s=time.monotonic() - progress.started)
    if code != 0:
        said = progress.last_said.get(failed, "Airflow gave no reason")
        print(f"\nfailed at {failed}: {said}\nthe whole log: less {log}", file=sys.stderr)
        return 1
    return 0
