"""Runs one dbt layer (features, marts, sync) for a day or a range of days, as a child process, telling each model's time and rows."""

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

from config.settings import ROOT, child_environment, settings
from warehouse.builds import build_schema, current_build
from warehouse.clock import cutoff
from warehouse.failpoints import failpoint
from warehouse.frames import fetch_all
from warehouse.steps import StepError, StepRun, recorded

LAYERS = ("features", "marts", "sync")
PROJECT = ROOT / "dbt_project"
FAULTS = ("RunResultError", "RunResultFailure", "MainEncounteredError")


def _first_day(as_of: date) -> date:
    """Where features begin: with a champion at D alone, without one at the first day that landing knows."""
    if fetch_all("transformer", "select 1 from scores.models where is_promoted and as_of <= %s limit 1", (as_of,)):
        return as_of
    known = fetch_all(
        "transformer",
        "select (min(known_at) at time zone %s)::date - 1 from ("
        " select known_at from landing.fxiaoke__opportunities union all select known_at from landing.files__opportunities"
        " union all select known_at from landing.salesforce__opportunities) as landed",
        (settings().time_zone,),
    )
    return min(known[0][0] or as_of, as_of)


def _build_variables(layer: str, as_of: date) -> dict[str, str | int]:
    """Marts go to the build's own schema (a published build's rerun beside it); sync reads what was published."""
    build = current_build(as_of)
    schema = build_schema(as_of) if layer == "marts" else f"build_{build.build_id}"
    return {"build_id": build.build_id, "build_schema": schema, "model_version": build.model_version or ""}


def variables(layer: str, as_of: date, first: date | None, last: date | None, every_days: int) -> dict[str, str | int]:
    """The variables dbt computes with: days, instants and names, never a clock."""
    found: dict[str, str | int] = {
        "as_of": as_of.isoformat(),
        "cutoff": cutoff(as_of).isoformat(),
        "time_zone": settings().time_zone,
        "lang": settings().lang,
        "snapshot_every_days": settings().snapshot_every_days,
        "feature_from": (first or _first_day(as_of)).isoformat() if layer == "features" else as_of.isoformat(),
        "feature_to": (last or as_of).isoformat(),
        "feature_every_days": every_days,
        "forecast_from": (first or as_of).isoformat(),
        "public_url": settings().public_url,
    }
    return found if layer == "features" else found | _build_variables(layer, as_of)


def _environment() -> dict[str, str]:
    now = settings()
    address = {"HOST": now.pg_host, "PORT": str(now.pg_port), "USER": now.pg_user, "DATABASE": now.pg_database}
    return child_environment() | {f"LANDFALL_PG_{key}": value for key, value in address.items()}


def run(
    layer: str, as_of: date, first: date | None = None, last: date | None = None, every_days: int | None = None
) -> None:
    """Build `layer` as of `as_of`; the features layer for every grid day in [first, last]. Raises StepError that names the model."""
    grid = every_days or settings().snapshot_every_days
    with recorded(layer, as_of) as step:
        failpoint("dbt.before")
        _build(layer, variables(layer, as_of, first, last, grid), step)
        failpoint("dbt.after")


def _command(layer: str, given: dict[str, str | int], state: Path) -> list[str]:
    target = state / settings().tenant / layer
    command = [
        "dbt",
        "--log-format",
        "json",
        "--log-path",
        str(state / "logs"),
        "--no-use-colors",
        "build",
        "--selector",
        layer,
    ]
    command += ["--exclude-resource-type", "unit_test", "--vars", json.dumps(given), "--project-dir", str(PROJECT)]
    return [*command, "--profiles-dir", str(PROJECT), "--target-path", str(target)]


def _build(layer: str, given: dict[str, str | int], step: StepRun) -> None:
    state = settings().home / "dbt"
    process = subprocess.Popen(
        _command(layer, given, state),
        env=_environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=PROJECT,
    )
    models, faults, last_line = 0, [], ""
    for line in process.stdout or ():
        last_line = line.strip() or last_line
        event = _event(line)
        data, node = event.get("data", {}), event.get("data", {}).get("node_info", {})
        if event.get("info", {}).get("name") in FAULTS and data.get("msg"):
            faults.append(" ".join(str(data["msg"]).split()))
        elif "execution_time" in data and node.get("resource_type") == "model":
            models += 1
            print(f"  {node['node_name']:<44} {data['execution_time']:6.1f} s  {data['status']}", flush=True)
            if settings().failpoint == "dbt.inside":
                process.kill()
                failpoint("dbt.inside")
    if process.wait() != 0:
        about = faults[0][:300] if faults else last_line[:300]
        raise StepError(
            f"dbt {layer}: {about}: mend the model or the data, then rerun; the log is {state / 'logs' / 'dbt.log'}"
        )
    step.note(models=models)


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return event if isinstance(event, dict) else {}
