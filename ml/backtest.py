"""`python -m ml.backtest --from D --to D`: history replayed from what was known on each day, and every stored forecast made again.

In: schema `features` and `scores`, on days that have period features (nights and backfilled days). Out: rows of `scores.period_backtests`
(a model fitted every four weeks on labels known by then, forecasts each week), the stored builds of the same code that come out the same
bit for bit or do not, and how far the forecasts of closed periods were off at each week of the period. Run twice: nothing is appended,
unless the past was told otherwise in between; then a replay of its own is.
"""

import argparse
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from config.settings import settings
from ml.amounts import learn, read_won
from ml.bundle import load, models_home
from ml.dataset import day_number, read_rows
from ml.draws import in_common
from ml.errors import AS_MEASURED, range_scales, read_told, scales_of
from ml.forecast import COLUMNS, forecast_rows, read_deals, read_windows
from ml.model import WinModel, allowed_tier, fit, sigmoid
from ml.records import Row, append_once
from ml.score import read_open, score_rows
from ml.tree import tree_of
from warehouse.builds import code_version
from warehouse.frames import fetch_all, read_frame
from warehouse.steps import StepError, recorded, run_cli

REFIT_DAYS, EVERY_DAYS = 28, 7
REPLAYED = COLUMNS | {"as_of": "date", "fitted_on": "date", "tier": "text"}
_STORED = """
    select b.build_id, b.as_of, b.model_version, b.seed, b.code_version from ops.builds as b
    where b.as_of between %s and %s and exists (select from scores.period_forecasts as f where f.build_id = b.build_id)
    order by b.as_of, b.build_id
"""
_NODES = """
    select n.opportunity_id, n.node_id from features.opportunity_nodes as n
    where n.as_of_date = %s order by n.opportunity_id collate "C", n.node_id collate "C"
"""


@dataclass(frozen=True)
class Verdict:
    """A stored build and what came of making it again; `differs` is "" where every number is the same."""

    build_id: str
    differs: str


def main() -> None:
    """Entry point of `python -m ml.backtest`."""
    parser = argparse.ArgumentParser(prog="python -m ml.backtest", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="D")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="D")
    asked = parser.parse_args()
    if asked.first > asked.last:
        raise StepError(f"--from {asked.first} lies after --to {asked.last}: exchange them")
    with recorded("backtest", asked.last) as run:
        appended = replay(asked.first, asked.last)
        verdicts = list(rebuilt(asked.first, asked.last))
        differing = [verdict for verdict in verdicts if verdict.differs]
        run.note(appended=appended, rebuilt=len(verdicts), differing=len(differing))
        print(
            f"{appended} rows appended; {len(verdicts) - len(differing)} of {len(verdicts)} stored builds came out the same"
        )
        for verdict in differing:
            print(f"  {verdict.build_id}: {verdict.differs}")
        print("\n".join(report(asked.first, asked.last)))


def replay(first: date, last: date) -> int:
    """Forecast every seventh day of [first, last] that has features, by the model of the last refitting day; returns the rows appended."""
    days = [day for (day,) in fetch_all("ml", _days(), (first, last)) if (day - first).days % EVERY_DAYS == 0]
    if not days:
        raise StepError(
            f"features.period_features holds no day from {first} on, every {EVERY_DAYS} days to {last}: "
            f"run `make backfill FROM={first} TO={last}`"
        )
    code = code_version()
    appended, fitted_on, model = 0, first, None
    for day in days:
        refit = first + timedelta(days=(day - first).days // REFIT_DAYS * REFIT_DAYS)
        if model is None or refit != fitted_on:
            fitted_on, model = refit, fitted(refit)
        appended += replayed(day, fitted_on, model, code)[0]
    return appended


def _days() -> str:
    return """select distinct as_of_date from features.period_features
              where window_kind = 'current' and as_of_date between %s and %s order by 1"""


def replayed(day: date, fitted_on: date, model: WinModel, code: str) -> tuple[int, list[Row]]:
    """Forecast a day by `model` and append it: how many rows were, and the rows in the order of `ml.forecast.COLUMNS`.

    The scales of its ranges are learned from forecasts of periods that were over by then: earlier replayed days among them. The rows
    themselves are part of the build's name, since what was known in the past may be told otherwise later: history that lands behind, or a
    day's features computed anew.
    """
    scales = range_scales(read_told(day))
    forecasts = forecast_by(model, day, "", scales)
    name = hashlib.sha256(
        f"{day} {fitted_on} {settings().seed} {sorted(scales.items())} {code} {forecasts}".encode()
    ).hexdigest()
    build_id = f"replay_{day:%Y%m%d}_{name[:12]}"
    told: list[Row] = [(build_id, *row[1:]) for row in forecasts]
    rows: list[Row] = [(*row, day, fitted_on, model.name) for row in told]
    return append_once("scores.period_backtests", REPLAYED, rows, build_id, "forecast"), told


def forecast_by(model: WinModel, day: date, build_id: str, scales: Mapping[int, float] = AS_MEASURED) -> list[Row]:
    """The forecasts of a day, a row per node in the order of `ml.forecast.COLUMNS`, as `model` would have made them."""
    deals = read_open(day)
    to_end = deals["days_to_period_end"].to_numpy(dtype=float)
    p = np.where(to_end >= 1, sigmoid(model.log_odds(deals, np.maximum(to_end, 1.0))), 0.0)
    cents = [np.nan if amount is None else float(amount * 100) for amount in model.amounts.final(deals)]
    chances = pd.DataFrame({"opportunity_id": deals["opportunity_id"], "p": p, "cents": cents})
    placed = read_frame("ml", _NODES, (day,)).merge(chances, on="opportunity_id", how="right")
    return forecast_rows(read_windows(day), placed, build_id, settings().seed, scales, in_common(model.closed))


def fitted(day: date) -> WinModel:
    """The model of the highest tier that closed deals allow, fitted on the features of a day and on outcomes as they were known then."""
    rows, today = read_rows(day), day_number(day)
    return replace(fit(rows, today, allowed_tier(rows, today), settings().seed), amounts=learn(read_won(day), day))


def rebuilt(first: date, last: date) -> Iterator[Verdict]:
    """Make each stored build of [first, last] again from features and its own model, and compare every number."""
    code = code_version()
    for build_id, day, version, seed, made_by in fetch_all("ml", _STORED, (first, last)):
        if made_by != code:
            yield Verdict(build_id, "made by other code: check that version out to make it again")
        elif not (models_home() / str(version)).exists():
            yield Verdict(build_id, f"its model {version} is not in {models_home()}: train that day again")
        else:
            yield Verdict(build_id, _difference(build_id, day, str(version), seed))


def _difference(build_id: str, day: date, version: str, seed: int) -> str:
    model = load(version).model
    scored = score_rows(model, read_open(day), day, build_id, version)
    kept = fetch_all(
        "ml",
        "select opportunity_id, p_win_ever, p_win_by_period_end from scores.opportunity_scores where build_id = %s",
        (build_id,),
    )
    if {row[1]: (row[3], row[4]) for row in scored} != {deal: (ever, by_end) for deal, ever, by_end in kept}:
        return "its scores come out otherwise: a feature of that day has a newer revision, or the model's folder was changed"
    columns = ", ".join(COLUMNS)
    stored = fetch_all("ml", f"select {columns} from scores.period_forecasts where build_id = %s", (build_id,))  # noqa: S608 - own names
    windows = read_windows(day)
    scales = scales_of(build_id, day, tree_of(windows))
    made = forecast_rows(windows, read_deals(day, build_id), build_id, seed, scales, in_common(model.closed))
    return (
        ""
        if sorted(map(_text, made)) == sorted(map(_text, stored))
        else "its forecasts come out otherwise than its scores say"
    )


def _text(row: Row | Any) -> tuple[str, ...]:
    return tuple(str(value) for value in row)


def report(first: date, last: date) -> list[str]:
    """How far the replayed forecasts of the whole were off, by week of the period, over the periods that `last` knows the end of."""
    told = read_frame(
        "ml",
        """
        with actuals as (
            select node_id, period_id, won_gross_amount + open_won_gross_amount + new_gross_amount as actual
            from features.period_features where as_of_date = (
                select max(as_of_date) from features.period_features where as_of_date <= %s
            ) and window_kind = 'period' and parent_node_id is null
        )
        select distinct on (t.as_of) ((t.as_of - c.window_starts_on) / 7 + 1) as week, t.mean, t.p10, t.p90, a.actual
        from scores.period_backtests as t join actuals as a using (node_id, period_id)
        join features.period_features as c on c.as_of_date = t.as_of and c.node_id = t.node_id and c.window_kind = 'current'
        where t.as_of between %s and %s order by t.as_of, t.replay_number desc""",
        (last, first, last),
    )
    lines = ["week of the period: forecasts, 1 - WAPE, bias, held by the range"]
    for week, group in told.groupby("week"):
        mean, actual = group["mean"].astype(float), group["actual"].astype(float)
        whole = float(actual.sum())
        ranged = group[group["p10"].notna()]
        held = int(((ranged["actual"] >= ranged["p10"]) & (ranged["actual"] <= ranged["p90"])).sum())
        error, bias = float((mean - actual).abs().sum()), float((mean - actual).sum())
        rates = f"{1 - error / whole:.3f}  {bias / whole:+.3f}" if whole else "nothing was won"
        lines.append(f"  {int(str(week)):>2}: {len(group)}  {rates}  {held} of {len(ranged)}")
    return lines if len(told) else ["no replayed forecast is of a period whose end is known yet"]


if __name__ == "__main__":
    run_cli(main)
