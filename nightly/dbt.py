"""Runs one dbt layer (features, marts, sync) for a day or a range of days, as a child process, telling each model's time and rows."""

import json
import subprocess
import sys
from datetime import date

from config.settings import ROOT, child_environment, settings
from warehouse.build_lock import building
from warehouse.builds import build_schema, current_build
from warehouse.clock import cutoff
from warehouse.failpoints import failpoint
from warehouse.frames import fetch_all
from warehouse.memory import KILLED
from warehouse.steps import StepError, StepRun, recorded

NOTED = 10  # slowest models, which the page of data and models shows
LAYERS = ("features", "marts", "sync")
PROJECT = ROOT / "dbt_project"


def _first_day(as_of: date) -> date:
    """Where features begin: at D alone where a champion and every features table is there, else at the first day that landing knows."""
    is_complete = "to_regclass('features.lead_features') is not null"  # the youngest of them
    champion = f"select 1 from scores.models where is_promoted and as_of <= %s and {is_complete} limit 1"  # noqa: S608 - our own constant
    if fetch_all("transformer", champion, (as_of,)):
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


def run(
    layer: str, as_of: date, first: date | None = None, last: date | None = None, every_days: int | None = None
) -> None:
    """Build `layer` as of `as_of`; the features layer for every grid day in [first, last]. Raises StepError that names the model."""
    grid = every_days or settings().snapshot_every_days
    with recorded(layer, as_of) as step, building():
        failpoint("dbt.before")
        if layer == "marts":
            _check_day(as_of)
        _build(layer, variables(layer, as_of, first, last, grid), step)
        failpoint("dbt.after")


def _check_day(as_of: date) -> None:
    """Staging stands as of the day whose features were built last. Raises StepError where that is another one, as after a backfill."""
    last = fetch_all(
        "transformer", "select as_of, state from ops.step_runs where step = 'features' order by run_id desc limit 1"
    )
    if last != [(as_of, "done")]:
        stands = f"are {last[0][1]} as of {last[0][0]}" if last else "were never built"
        raise StepError(
            f"the features that marts stand on {stands}: run `python -m nightly dbt features --as-of {as_of}`, then rerun"
        )


def _build(layer: str, given: dict[str, str | int], step: StepRun) -> None:
    kept = settings().home / "dbt"
    state = kept / settings().tenant / layer
    request = {
        "selected": ["--selector", layer],
        "variables": given,
        "parsed": str(kept / "parsed"),
        "state": str(state),
    }
    command = [sys.executable, "-m", "nightly.dbt_engine", json.dumps(request)]
    times: list[tuple[float, str]] = []
    said = ""
    with subprocess.Popen(command, env=child_environment(), text=True, stdout=subprocess.PIPE, cwd=PROJECT) as process:
        for said in process.stdout or ():
            event = json.loads(said)
            if "model" in event:
                times.append((event["seconds"], event["model"]))
                print(f"  {event['model']:<44} {event['seconds']:6.1f} s  {event['became']}", flush=True)
                if settings().failpoint == "dbt.inside":
                    process.kill()
                    failpoint("dbt.inside")
    faults = json.loads(said).get("faults") if said else None
    if faults is None:
        why = KILLED if (process.returncode or 0) < 0 else "what it said stands above: mend it"
        raise StepError(f"dbt {layer}: ended with code {process.returncode} before it was done; {why}, then rerun")
    if faults:
        log = state / "logs" / "dbt.log"
        raise StepError(f"dbt {layer}: {faults[0][:300]}: mend the model or the data, then rerun; the log is {log}")
    slowest = [{"model": model, "seconds": f"{took:.1f}"} for took, model in sorted(times, reverse=True)[:NOTED]]
    step.note(models=len(times), slowest=slowest)
