"""What winners show: medians of numbers and shares of values, over all and per stage (leads: source), for the reasons' comparisons."""

from typing import Any

import numpy as np
import pandas as pd

from ml.dataset import Rows

WON_DEALS = 20  # of a stage, before it has figures of its own


def typical_of(rows: Rows, today: int) -> dict[str, dict[str, Any]]:
    """Winners' medians of numbers and shares of values, over all won rows ("") and per stage with WON_DEALS won deals or more."""
    won = rows.take(rows.is_won & (rows.known <= today))
    found = {"": _summary(won.features, rows.texts)}
    for stage, frame in won.features.groupby(rows.target.place, sort=True):
        if len(np.unique(won.deal[won.features.index.get_indexer(frame.index)])) >= WON_DEALS:
            found[str(stage)] = _summary(frame, rows.texts)
    return found


def _summary(frame: pd.DataFrame, texts: tuple[str, ...]) -> dict[str, Any]:
    numbers = [name for name in frame.columns if name not in texts and frame[name].notna().any()]
    medians = {name: float(frame[name].median()) for name in numbers}
    shares = {
        name: {_key(v): float(s) for v, s in frame[name].value_counts(normalize=True).sort_index().items()}
        for name in frame.columns
        if name in texts or name.startswith(("is_", "has_"))
    }
    return {"medians": medians, "shares": shares}


def _key(value: Any) -> str:
    return str(value) if isinstance(value, str) else str(int(value))
