"""The peers: simple rates, logistic regression, LightGBM, CatBoost and XGBoost, as they come and tuned with twelve trials.

In: `Cases`. Out: name → probability of every test row. Tuning draws from the space below, trains on the older four fifths of the training
rows (at most TUNING_ROWS of them, a seeded draw), keeps the lowest log loss on the newest fifth, and fits again on all.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import xgboost
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from bench.cases import Cases, Floats, Ints, Mask
from bench.measures import log_loss

TRIALS = 12
NEWEST = 0.2
TUNING_ROWS = 20_000
SEED = 20240101
PRIOR_CASES = 20.0
Parameters = dict[str, Any]
Fit = Callable[[Cases, Mask | Ints, Parameters, int], Any]
SPACES: dict[str, dict[str, list[Any]]] = {
    "logistic regression": {"C": [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0]},
    "LightGBM": {
        "n_estimators": [50, 100, 200, 400],
        "learning_rate": [0.02, 0.05, 0.1],
        "num_leaves": [7, 15, 31, 63],
        "min_child_samples": [20, 60, 150],
        "reg_lambda": [0.0, 1.0, 10.0],
        "colsample_bytree": [0.6, 0.8, 1.0],
    },
    "CatBoost": {
        "iterations": [100, 200, 400],
        "learning_rate": [0.03, 0.06, 0.12],
        "depth": [3, 4, 6],
        "l2_leaf_reg": [1.0, 3.0, 10.0, 30.0],
    },
    "XGBoost": {
        "n_estimators": [50, 100, 200, 400],
        "learning_rate": [0.02, 0.05, 0.1],
        "max_depth": [2, 3, 4, 6],
        "min_child_weight": [1, 5, 20],
        "reg_lambda": [1.0, 10.0],
        "subsample": [0.7, 1.0],
        "colsample_bytree": [0.6, 1.0],
    },
}


def rates(cases: Cases) -> dict[str, Floats]:
    """Base rate, rate by stage (or source), and by stage and fifth of the time in it, each drawn towards the coarser one."""
    label, train, test = cases.label, cases.train, cases.test
    base = float(label[train].mean())
    stage = cases.features[cases.stage].fillna("?").astype(str)
    fifth = _fifths(cases, stage)
    by_stage = _rate(stage[train], label[train], pd.Series(base, index=stage[train].unique()))
    both = stage + "|" + fifth.astype(str)
    parent = pd.Series({key: by_stage[key.rsplit("|", 1)[0]] for key in both[train].unique()})
    fine = _rate(both[train], label[train], parent)
    coarse = stage[test].map(by_stage).fillna(base)
    return {
        "base rate": np.full(int(test.sum()), base),
        "stage rate": coarse.to_numpy(dtype=float),
        "stage x time rate": both[test].map(fine).fillna(coarse).to_numpy(dtype=float),
    }


def _fifths(cases: Cases, stage: "pd.Series") -> "pd.Series":
    days = cases.features[cases.days].fillna(-1)
    fifth = pd.Series(0, index=days.index)
    for _, here in days.groupby(stage):
        seen = here[cases.train[here.index]]
        edges = np.unique(np.quantile(seen, [0.2, 0.4, 0.6, 0.8])) if len(seen) else np.empty(0)
        fifth[here.index] = np.searchsorted(edges, here)
    return fifth


def _rate(group: "pd.Series", label: Floats, towards: "pd.Series") -> "pd.Series":
    tally = pd.Series(label, index=group.index).groupby(group).agg(["sum", "count"])
    return (tally["sum"] + PRIOR_CASES * towards.reindex(tally.index)) / (tally["count"] + PRIOR_CASES)


def learners(cases: Cases, threads: int) -> Iterator[tuple[str, Callable[[], Floats]]]:
    """(name, forecast of the test rows) of each learner, default and tuned; nothing is trained before it is called."""
    for name, fit in FITS.items():
        yield f"{name}, default", partial(_forecast, fit, cases, cases.train, cases.test, {}, threads)
        yield f"{name}, tuned", partial(_tuned, fit, cases, SPACES[name], threads)


def _tuned(fit: Fit, cases: Cases, space: dict[str, list[Any]], threads: int) -> Floats:
    rows = np.flatnonzero(cases.train)
    border = np.quantile(cases.day[rows], 1 - NEWEST)
    older, newest = rows[cases.day[rows] < border], rows[cases.day[rows] >= border]
    draw = np.random.default_rng(SEED)
    older = np.sort(draw.permutation(older)[:TUNING_ROWS])
    every = [{key: draw.choice(np.array(values)).item() for key, values in space.items()} for _ in range(TRIALS)]
    lost = [
        float(log_loss(cases.label[newest], _forecast(fit, cases, older, newest, trial, threads)).mean())
        for trial in every
    ]
    return _forecast(fit, cases, cases.train, cases.test, every[int(np.argmin(lost))], threads)


def _forecast(
    fit: Fit, cases: Cases, taught: Mask | Ints, asked: Mask | Ints, parameters: Parameters, threads: int
) -> Floats:
    model, frame = fit(cases, taught, parameters, threads)
    return np.asarray(model.predict_proba(frame[asked])[:, 1], dtype=float)


def _logistic(cases: Cases, taught: Mask | Ints, parameters: Parameters, _threads: int) -> Any:
    texts, numbers = list(cases.texts), list(cases.numbers)
    frame = cases.features.assign(**{name: cases.features[name].fillna("?").astype(str) for name in texts})
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False, min_frequency=5), texts),
            (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), numbers),
        ),
        LogisticRegression(max_iter=300, **parameters),
    )
    return model.fit(frame[taught] if taught.dtype == bool else frame.iloc[taught], cases.label[taught]), _Rows(frame)


def _lightgbm(cases: Cases, taught: Mask | Ints, parameters: Parameters, threads: int) -> Any:
    frame = _categories(cases)
    model = lightgbm.LGBMClassifier(random_state=SEED, n_jobs=threads, verbosity=-1, **parameters)
    return model.fit(_Rows(frame)[taught], cases.label[taught]), _Rows(frame)


def _xgboost(cases: Cases, taught: Mask | Ints, parameters: Parameters, threads: int) -> Any:
    frame = _categories(cases)
    model = xgboost.XGBClassifier(
        random_state=SEED, n_jobs=threads, enable_categorical=True, tree_method="hist", **parameters
    )
    return model.fit(_Rows(frame)[taught], cases.label[taught]), _Rows(frame)


def _catboost(cases: Cases, taught: Mask | Ints, parameters: Parameters, threads: int) -> Any:
    texts = list(cases.texts)
    frame = cases.features.assign(**{name: cases.features[name].fillna("?").astype(str) for name in texts})
    model = catboost.CatBoostClassifier(
        random_seed=SEED, thread_count=threads, verbose=False, allow_writing_files=False, **parameters
    )
    return model.fit(_Rows(frame)[taught], cases.label[taught], cat_features=texts), _Rows(frame)


def _categories(cases: Cases) -> pd.DataFrame:
    frame = cases.features.copy()
    for position, name in enumerate(cases.texts):
        frame[name] = frame[name].astype("category")
        frame = frame.rename(columns={name: f"text{position}"})
    return frame.rename(columns={name: f"number{i}" for i, name in enumerate(cases.numbers)})


class _Rows:
    """Rows of a frame by mask or position."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def __getitem__(self, chosen: Mask | Ints) -> pd.DataFrame:
        return self.frame.iloc[np.flatnonzero(chosen) if chosen.dtype == bool else chosen]


FITS: dict[str, Fit] = {
    "logistic regression": _logistic,
    "LightGBM": _lightgbm,
    "CatBoost": _catboost,
    "XGBoost": _xgboost,
}
