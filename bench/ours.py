"""Ours: the product's own model on any set of cases, with one configuration for all.

In: `Cases`. Out: probabilities of the test rows. The cases become rows of the product's learner; what they lack (set rates, period ends)
stays null. Rows that ask one question only, of cases without a history, are learned at that horizon; all others at all horizons.
"""

import numpy as np
import pandas as pd

from bench.cases import Cases, Floats, Mask
from ml.dataset import Rows
from ml.model import WinModel, fit, sigmoid

NAME = "landfall"
SEED = 20240101


def forecast(cases: Cases) -> Floats:
    """Train on what was known before the first test day; forecast the test rows."""
    rows = rows_of(cases, cases.day < cases.today)
    model = fit(rows, cases.today - 1, "full_model", SEED, asked=cases.horizon if _is_flat(cases) else None)
    return ask(model, cases)


def ask(model: WinModel, cases: Cases) -> Floats:
    """The model's probabilities of the test rows at the horizon of the question."""
    frame = rows_of(cases, cases.test).features
    return sigmoid(model.log_odds(frame, np.full(len(frame), float(cases.horizon))))


def rows_of(cases: Cases, chosen: Mask) -> Rows:
    """The chosen cases as the product's rows. The column of the simple rates is the stage; it keeps its own name out."""
    frame = cases.features[chosen].reset_index(drop=True)
    frame = frame.rename(columns={cases.stage: "stage_code"})
    texts = tuple("stage_code" if name == cases.stage else name for name in cases.texts)
    lacking = [name for name in ("stage_set_rate", "days_to_period_end", "days_to_close_date") if name not in frame]
    frame = frame.assign(**dict.fromkeys(lacking, np.nan), sales_process=pd.Series(None, frame.index, dtype=object))
    age = frame["age_days"].to_numpy(dtype=float) if "age_days" in frame else np.zeros(len(frame))
    return Rows(
        frame,
        cases.case[chosen],
        cases.day[chosen],
        cases.closed[chosen],
        cases.closed[chosen],
        cases.is_won[chosen],
        age,
        (*texts, "sales_process"),
    )


def _is_flat(cases: Cases) -> bool:
    return len(np.unique(cases.case)) == len(cases.case)
