"""Scoring of leads: every open lead of the day gets its chance to be converted before it is 90 days old, and the reasons for it.

In: `features.lead_features` of the day (highest revision), the build's lead model. Out: rows of `scores.lead_scores`, once. A build
without a lead model scores no lead.
"""

from datetime import date

import pandas as pd

from ml.bundle import load
from ml.leads import read_open_leads
from ml.model import WinModel, sigmoid
from ml.reasons import explain
from ml.records import Row, append_once
from ml.targets import LEAD
from warehouse.builds import Build

COLUMNS = {
    "build_id": "text",
    "lead_id": "text",
    "as_of": "date",
    "p_convert_90d": "float8",
    "tier": "text",
    "model_version": "text",
    "base_log_odds": "float8",
    "contributions": "jsonb",
    "reasons": "jsonb",
    "features_digest": "text",
}


def score_leads(build: Build) -> dict[str, object]:
    """Score the day's open leads under `build`; returns what there is to note."""
    if build.lead_model_version is None:
        print("no lead model, so no lead is scored")
        return {"leads": 0}
    leads, bundle = read_open_leads(build.as_of), load(build.lead_model_version)
    rows = score_rows(bundle.model, leads, build.as_of, build.build_id, bundle.version)
    appended = append_once("scores.lead_scores", COLUMNS, rows, build.build_id, "score")
    print(f"{len(rows)} open leads scored by {bundle.version} ({bundle.model.name}), {appended} rows appended")
    return {"leads": len(rows), "lead_model_version": bundle.version}


def score_rows(model: WinModel, leads: pd.DataFrame, as_of: date, build_id: str, version: str) -> list[Row]:
    """One row per lead in the order of COLUMNS; the horizon is what is left of the lead's 90 days."""
    if leads.empty:
        return []
    left = (LEAD.within_days or 0) - leads["age_days"].to_numpy(dtype=float)
    chance = sigmoid(model.log_odds(leads, left))
    sums, told, base = explain(model, leads, left)
    return [
        (build_id, lead, as_of, float(chance[i]), model.name, version, float(base[i]), sums[i], told[i], digest)
        for i, (lead, digest) in enumerate(zip(leads["lead_id"], leads["features_hash"], strict=True))
    ]
