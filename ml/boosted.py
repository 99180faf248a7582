"""Gradient boosting (XGBoost) over features and horizon, monotone in the horizon: a shallow and a deep one, parts of the tier `full_model`.

Both are strongly regularised, for plain boosting loses out of time: leaves of many deals, a quarter of the columns left out of each tree.
The shallow one holds where data are few, the deep one finds what several fields say together. Kept in the library's own UBJ format;
predictions are bit-identical across threads, batches and save/load.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb

from ml.dataset import Floats, Rows
from ml.encoding import Encoding
from ml.pairs import Pairs

ROUNDS = 200
# Rounds, and what a deal is worth in them: at one horizon its rows say more than one deal's answer (measured, ADR 44).
AT_ANCHOR, AT_ALL_HORIZONS = (100, 3.0), (100, 1.0)
# The former grow by the root of deals ÷ these, up to so many times: shallow trees learn more of more deals, deep ones do not (ADR 46).
GROWN_FROM_DEALS, MOST_GROWN = 2000.0, 3.0
MAX_PAIRS = 120_000  # more add minutes and nothing that was measured
TWO_THREADS_FROM = 100_000  # rows
PARAMETERS: dict[str, Any] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_bin": 1024,  # round amounts tell: on ibm 64 bins lost 0.025 of log loss
    "eta": 0.05,
    "reg_lambda": 10.0,
    "subsample": 0.8,
    "colsample_bytree": 0.75,
    "verbosity": 0,
}


@dataclass(frozen=True)
class Shape:
    """Of the trees; `grows`: whether more deals mean more of them."""

    max_depth: int
    min_child_weight: float
    grows: bool

    def at_anchor(self, deals: float) -> int:
        """Rounds at one horizon on so many deals."""
        grown = float(np.clip((deals / GROWN_FROM_DEALS) ** 0.5, 1.0, MOST_GROWN))
        return round(AT_ANCHOR[0] * (grown if self.grows else 1.0))


SHALLOW, DEEP = Shape(3, 8.0, grows=True), Shape(6, 20.0, grows=False)


@dataclass(frozen=True)
class Boosted:
    """A booster and the encoding it was fitted with."""

    encoding: Encoding
    booster: xgb.Booster

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that contributions are given for."""
        return self.encoding.columns

    def prepare(self, frame: pd.DataFrame) -> Floats:
        """(n, width) matrix of the encoding, texts as rates."""
        return self.encoding.rated(self.encoding.prepare(frame))

    def log_odds(self, prepared: Floats, horizon: Floats) -> Floats:
        """(n,) log-odds of winning within `horizon` days."""
        return np.asarray(self.booster.predict(self._matrix(prepared, horizon), output_margin=True), dtype=float)

    def contributions(self, prepared: Floats, horizon: Floats) -> tuple[Floats, Floats]:
        """(n, columns) exact TreeSHAP values and (n,) base. The base takes up the rounding of single precision."""
        parts = np.asarray(self.booster.predict(self._matrix(prepared, horizon), pred_contribs=True), dtype=float)[
            :, :-1
        ]
        return parts, self.log_odds(prepared, horizon) - parts.sum(axis=1)

    def _matrix(self, prepared: Floats, horizon: Floats) -> xgb.DMatrix:
        return xgb.DMatrix(
            self.encoding.with_horizon(prepared, horizon),
            feature_names=list(self.columns),
            nthread=_threads(len(prepared)),
        )

    def files(self) -> dict[str, Any]:
        """As kept in the bundle: the encoding as JSON, the booster as bytes."""
        return {"encoding": self.encoding.to_json(), "booster": bytes(self.booster.save_raw("ubj"))}

    @classmethod
    def from_files(cls, kept: dict[str, Any]) -> "Boosted":
        """From the bundle."""
        booster = xgb.Booster()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.ubj"
            path.write_bytes(kept["booster"])
            booster.load_model(path)
        return cls(Encoding.from_json(kept["encoding"]), booster)


def _threads(rows: int) -> int:
    """Two threads wait for each other longer than they work on a small matrix."""
    return 2 if rows >= TWO_THREADS_FROM else 1


def fit_boosted(
    rows: Rows,
    pairs: Pairs,
    encoding: Encoding,
    today: int,
    shape: Shape,
    seed: int,
    anchor: Pairs | None = None,
) -> Boosted:
    """Fit on pairs whose labels are known; weights sum to deals, so `min_child_weight` and `reg_lambda` are in units of deals.

    With an `anchor` the first rounds see it alone: they learn whom to rank where, the rounds on `pairs` what the horizon changes.
    """
    rated = encoding.rated_for_training(rows, encoding.prepare(rows.features), today)
    stages = [(pairs, ROUNDS, 1.0)]
    if anchor is not None:
        stages = [(anchor, shape.at_anchor(anchor.weight.sum()), AT_ANCHOR[1]), (pairs, *AT_ALL_HORIZONS)]
    booster = None
    for asked, rounds, worth in stages:
        taught = asked.at_most(MAX_PAIRS)
        threads = _threads(len(taught))
        given = {
            "max_depth": shape.max_depth,
            "min_child_weight": shape.min_child_weight,
            "monotone_constraints": dict.fromkeys(encoding.horizon_columns, 1),
            "seed": seed,
            "nthread": threads,
        }
        data = xgb.QuantileDMatrix(
            encoding.with_horizon(rated[taught.row], taught.horizon),
            taught.label,
            weight=taught.weight * worth,
            feature_names=list(encoding.columns),
            max_bin=PARAMETERS["max_bin"],
            nthread=threads,
        )
        booster = xgb.train(PARAMETERS | given, data, rounds, xgb_model=booster)
    return Boosted(encoding, booster)
