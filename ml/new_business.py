"""Business that is still to be created and won in the period: what past windows brought, and how it falls to the nodes.

In: the tree of nodes and windows shaped as `ml.forecast.read_windows` returns them. Out: the windows' totals, taken to the present part of
the year where the past has a season (`ml/season.py`), and each node's share.
"""

import numpy as np
import pandas as pd

from ml.dataset import Floats
from ml.draws import split_deals
from ml.season import to_now
from ml.tree import Tree, shares_of

ENOUGH_WINDOWS = 2
RECENCY = 0.85  # weight of a window against the next younger one


def new_business(tree: Tree, windows: pd.DataFrame) -> tuple[Floats, Floats, Floats, float]:
    """Cents of new business of the whole in past windows, the windows' weights, each node's own share of it (they sum to 1), and how many
    deals that split is like.

    Windows that lie in the period as this day does are preferred; rolling ones, which know no season, stand in where those are too few.
    """
    past = windows[windows["window_kind"] != "current"]
    seasonal = past[past["window_kind"] == "period"]
    past = seasonal if seasonal["window_id"].nunique() >= ENOUGH_WINDOWS else past[past["window_kind"] == "rolling"]
    if past.empty:
        past = seasonal
    order = list(dict.fromkeys(past["window_id"]))
    table = (
        past.pivot(index="node_id", columns="window_id", values="new")
        .reindex(index=tree.nodes, columns=order)
        .fillna(0)
        .to_numpy(dtype=float)
    )
    weights = np.asarray(RECENCY ** np.arange(len(order))[::-1], dtype=float)
    tops = table[tree.parent < 0].sum(axis=0)
    if past is seasonal:
        tops = tops * to_now(tops, weights)
    means = table @ weights / weights.sum() if len(order) else np.zeros(len(tree.nodes))
    shares = shares_of(tree, means, len(order))
    return tops, weights, shares, split_deals(np.where(shares[:, None] > 0, table, 0.0), shares)
