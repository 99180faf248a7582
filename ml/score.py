"""Scoring: every open deal of the day gets its probabilities, close week, expected final amount and reasons, under the night's build.

In: `features.opportunity_features` of the day (highest revision), the build's model. Out: rows of `scores.opportunity_scores`, once; then
the leads' turn (`ml/score_leads.py`).
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from ml.bundle import load
from ml.content import absent
from ml.dataset import Floats, feature_columns
from ml.drift import judge_day
from ml.model import WinModel
from ml.reasons import explain
from ml.records import Row, append_once
from ml.score_leads import score_leads
from warehouse.builds import current_build
from warehouse.frames import read_frame
from warehouse.steps import StepError, StepRun

HORIZONS = (7, 14, 30, 60, 90)
COLUMNS = {
    "build_id": "text",
    "opportunity_id": "text",
    "as_of": "date",
    "p_win_ever": "float8",
    "p_win_by_period_end": "float8",
    "p_win_by_horizon": "jsonb",
    "expected_close_week": "date",
    "tier": "text",
    "model_version": "text",
    "base_log_odds": "float8",
    "contributions": "jsonb",
    "reasons": "jsonb",
    "features_digest": "text",
    "final_gross_amount": "numeric",
}


def read_open(as_of: date) -> pd.DataFrame:
    """Open deals of the day: opportunity_id, features_hash and the contract's columns, numbers as float."""
    return read_frame(
        "ml",
        f"""
        select distinct on (f.opportunity_id) f.opportunity_id, f.features_hash, {feature_columns("f")}
        from features.opportunity_features as f where f.as_of_date = %s
        order by f.opportunity_id, f.revision desc""",  # noqa: S608 - the contract's own column names
        (as_of,),
    )


def score(as_of: date, run: StepRun) -> None:
    """Score the day's open deals and leads under the build opened last for it."""
    build = current_build(as_of)
    deals = read_open(as_of)
    if deals.empty:
        raise StepError(
            f"features.opportunity_features holds no open deal of {as_of}: run `python -m nightly dbt features --as-of {as_of}`, then rerun"
        )
    bundle = load(build.model_version)
    rows = score_rows(bundle.model, deals, as_of, build.build_id, bundle.version)
    appended = append_once("scores.opportunity_scores", COLUMNS, rows, build.build_id, "score")
    drifted = judge_day(deals, build.build_id, as_of, bundle.version)
    run.note(
        build_id=build.build_id, model_version=bundle.version, deals=len(rows), appended=appended, drifted=len(drifted),
        absent=absent(),
    )  # fmt: skip
    if absent():
        print(f"scored without what was said in calls and mails, which is off: {', '.join(absent())}")
    for finding in drifted:
        print(f"drift: {finding.said('en')}; the champion scores on, training looks at it")
    print(
        f"{len(rows)} open deals scored by {bundle.version} ({bundle.model.name}) for build {build.build_id}, {appended} rows appended"
    )
    run.note(**score_leads(build))


def score_rows(model: WinModel, deals: pd.DataFrame, as_of: date, build_id: str, version: str) -> list[Row]:
    """One row per deal in the order of COLUMNS.

    On the period's last day p_win_by_period_end is 0 and has no log-odds: there the reasons explain p_win_ever.
    """
    to_end = deals["days_to_period_end"].to_numpy(dtype=float, na_value=np.nan)
    if np.isnan(to_end).any() or (to_end < 0).any():
        raise StepError(
            "features.opportunity_features has open deals without days_to_period_end ≥ 0: correct the model feat_opportunity__calendar, "
            "then rerun"
        )
    left = int(to_end.max())
    ever = max(model.ever_days, left, HORIZONS[-1])
    ladder = sorted({*HORIZONS, *range(7, ever, 7), ever, *(int(d) for d in np.unique(to_end) if d >= 1)})
    curves = model.curve(deals, ladder)
    by_horizon = {days: curves[:, ladder.index(days)] for days in HORIZONS}
    last = curves[:, -1]
    horizon = np.where(to_end >= 1, to_end, float(ever))
    places = np.searchsorted(ladder, horizon)
    by_end = np.where(to_end >= 1, curves[np.arange(len(deals)), places], 0.0)
    weeks = _close_weeks(curves, ladder, as_of)
    sums, told, base = explain(model, deals, horizon)
    finals = model.amounts.final(deals)
    return [
        (
            build_id,
            deal,
            as_of,
            float(last[i]),
            float(by_end[i]),
            {str(days): float(p[i]) for days, p in by_horizon.items()},
            weeks[i],
            model.name,
            version,
            float(base[i]),
            sums[i],
            told[i],
            digest,
            finals[i],
        )
        for i, (deal, digest) in enumerate(zip(deals["opportunity_id"], deals["features_hash"], strict=True))
    ]


def _close_weeks(curves: Floats, ladder: list[int], as_of: date) -> list[date]:
    """Monday of the week by which, if the deal is won at all, it is won with an even chance."""
    middle = np.array(ladder)[np.argmax(curves >= 0.5 * curves[:, -1:], axis=1)]
    days = [as_of + timedelta(days=int(d)) for d in middle]
    return [day - timedelta(days=day.weekday()) for day in days]
