"""The tree of forecast nodes: company, regions, teams, owners; what is summed up it and split down it, in whole cents."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.dataset import Floats, Ints

SWEEPS = 10  # to find errors of all nodes together: the shares' squares shrink what is left in each
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

    def top(self) -> Ints:
        """Position of the topmost node above each node, or its own."""
        top = np.arange(len(self.nodes))
        for node in reversed(self.deepest_first()):
            if self.parent[node] >= 0:
                top[node] = top[self.parent[node]]
        return top

    def added_above(self, own: Floats) -> Floats:
        """(…, nodes) of each node's own → with those of all nodes above it added."""
        total = own.copy()
        for node in reversed(self.deepest_first()):
            if self.parent[node] >= 0:
                total[..., node] += total[..., self.parent[node]]
        return total

    def errors(self, missing: Floats, mean: Floats, most: float) -> Floats:
        """(nodes,) relative variances, each in common for all below a node, by which every node gets what it is `missing` as far as it can.

        A node has its own, those of the nodes above it, and by the squared share of their `mean` those of the nodes below it. Gauss-Seidel,
        top down; none lies below 0 nor, but at the top, above `most`.
        """
        error, order = np.zeros(len(self.nodes)), self.deepest_first()
        share = np.divide(
            mean, mean[self.parent], out=np.zeros(len(mean)), where=(self.parent >= 0) & (mean[self.parent] != 0)
        )
        for _ in range(SWEEPS):
            below, above = np.zeros(len(mean)), np.zeros(len(mean))
            for node in order:
                if self.parent[node] >= 0:
                    below[self.parent[node]] += share[node] ** 2 * (error[node] + below[node])
            for node in reversed(order):
                left = max(missing[node] - below[node], 0.0) if mean[node] else 0.0
                if self.parent[node] >= 0:
                    above[node] = above[self.parent[node]] + error[self.parent[node]]
                    left = min(max(left - above[node], 0.0), most)
                error[node] = left
        return error


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
