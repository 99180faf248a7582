"""Computes past days again from landing only: calls no source, sends nothing, moves no pointer.

Features of all days come from one set-based run; then each day gets its build and scores by that day's champion, or by today's model
(marked hindsight). A day that has them is left alone, so a killed backfill resumes. No night runs beside it.
"""

from datetime import date, timedelta

from config.settings import settings
from nightly import dbt
from nightly.night_lock import alone
from nightly.services import run_module
from warehouse.frames import fetch_all
from warehouse.steps import StepError

GRID_START = date(1970, 1, 5).toordinal()  # a Monday, as in int_as_of_days


def _known_days() -> tuple[date | None, date | None]:
    """First and last business day that landing can speak of."""
    query = """
        select (min(known_at) at time zone %(zone)s)::date - 1, (max(known_at) at time zone %(zone)s)::date - 1
        from (
            select known_at from landing.fxiaoke__opportunities
            union all
            select known_at from landing.files__opportunities
            union all
            select known_at from landing.salesforce__opportunities
        ) as landed
    """
    (first, last), *_ = fetch_all("transformer", query, {"zone": settings().time_zone})  # type: ignore[arg-type]
    return first, last


def _is_scored(day: date, *, hindsight: bool) -> bool:
    query = """
        select 1 from ops.builds as b
        where b.as_of = %s and b.is_hindsight = %s and exists (select from scores.period_forecasts as f where f.build_id = b.build_id)
        limit 1
    """
    return bool(fetch_all("transformer", query, (day, hindsight)))


def run(first: date, last: date, *, model: str = "champion", every_days: int = 1, dry_run: bool = False) -> int:
    """Backfill [first, last], or its grid days (a multiple of `every_days` after a Monday) and the last. Raises StepError for days that
    landing does not know.
    """
    earliest, latest = _known_days()
    if earliest is None or latest is None:
        raise StepError("nothing has landed yet: run `make nightly` first")
    if first > last:
        raise StepError(f"FROM={first} lies after TO={last}: exchange them")
    if first < earliest or last > latest:
        raise StepError(f"landing knows {earliest} to {latest}; {first} to {last} reaches beyond: choose days inside")
    whole = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    days = [day for day in whole if (day.toordinal() - GRID_START) % every_days == 0 or day == last]
    scorer = "each day's champion" if model == "champion" else "the current model, in hindsight"
    print(f"backfill of {len(days)} days, {first} to {last}, scored by {scorer}")
    if dry_run:
        return 0
    with alone():
        dbt.run("features", last, first, last, every_days=every_days)
        for number, day in enumerate(days, 1):
            print(f"{number}/{len(days)} {day}: {_score(day, model)}", flush=True)
    return 0


def _score(day: date, model: str) -> str:
    if _is_scored(day, hindsight=model == "current"):
        return "already scored"
    champions = fetch_all(
        "transformer", "select count(*) filter (where as_of <= %s) from scores.models where is_promoted", (day,)
    )
    if model == "champion" and champions[0][0] == 0:
        return "features only: no champion on that day (MODEL=current scores it in hindsight)"
    chosen = ["--as-of", day.isoformat(), "--model", model]
    run_module("warehouse", "open-build", *chosen, quiet=True)
    run_module("ml", "score", "--as-of", day.isoformat(), quiet=True)
    run_module("ml", "forecast", "--as-of", day.isoformat(), quiet=True)
    return "scored"
