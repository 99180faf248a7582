"""The tree of forecast nodes: company, regions, teams, owners; what is summed up it and split down it, in whole cents."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.dataset import Floats, Ints

SHARE_PRIOR = 1.0  # windows' worth of belief that children of a node create equally much


@dataclass(frozen=True)
class Tree:
    """Nodes in a fixed order, position of each one's parent (−1 at the top), period, and cents won so far (subtree included)."""

    nodes: list[str]
    parent: Ints
    period: list[str]
    won: Ints

    def summed(self, own: Ints) -> Ints:
        """Own parts (…, nodes) → totals of the subtrees."""
        totals = own.copy()
        for node in self.deepest_first():
            if self.parent[node] >= 0:
                totals[..., self.parent[node]] += totals[..., node]
        return totals

    def depth(self) -> Ints:
        """Number of ancestors of each node."""
        depth = np.zeros(len(self.nodes), dtype=np.int64)
        for node in range(len(self.nodes)):
            above = self.parent[node]
            while above >= 0:
                depth[node] += 1
                above = self.parent[above]
        return depth

    def deepest_first(self) -> list[int]:
        """Node positions, children before parents."""
        return [int(node) for node in np.argsort(-self.depth(), kind="stable")]


def tree_of(windows: pd.DataFrame) -> Tree:
    """The tree of the current period's rows, shaped as `forecast.read_windows` returns them."""
    current = windows[windows["window_kind"] == "current"]
    nodes = current["node_id"].tolist()
    place = {node: i for i, node in enumerate(nodes)}
    parent = [place.get(above, -1) if isinstance(above, str) else -1 for above in current["parent_node_id"]]
    return Tree(
        nodes,
        np.array(parent, dtype=np.int64),
        current["period_id"].tolist(),
        current["won"].fillna(0).to_numpy(dtype=np.int64),
    )


def shares_of(tree: Tree, means: Floats, n_windows: int) -> Floats:
    """The whole split down the tree by each node's mean among its siblings', drawn towards equal parts; all of it ends up at the leaves.

    A node whose windows came to less than nothing counts as one that brought nothing: no draw can fall to it less than never.
    """
    means = np.maximum(means, 0.0)
    share = np.zeros(len(tree.nodes))
    for node in reversed(tree.deepest_first()):
        siblings = np.flatnonzero(tree.parent == tree.parent[node])
        level = means[siblings].mean() or 1.0
        part = (n_windows * means[node] + SHARE_PRIOR * level) / (
            (n_windows * means[siblings] + SHARE_PRIOR * level).sum()
        )
        share[node] = part * (share[tree.parent[node]] if tree.parent[node] >= 0 else 1.0)
    inner = np.unique(tree.parent[tree.parent >= 0])
    share[inner] = 0.0
    return np.asarray(share / share.sum())


def split(total: float, shares: Floats) -> Ints:
    """`total` cents over the shares in whole cents; what rounding leaves goes to the largest share."""
    parts = np.floor(total * shares).astype(np.int64)
    parts[int(np.argmax(shares))] += round(total) - parts.sum()
    return parts
