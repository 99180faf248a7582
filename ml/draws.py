"""Random draws of a period's end that add up: each draw of a node is its own part plus the draws of its children, to the cent.

Open deals are won or not by a one-factor Gaussian copula: each deal keeps exactly its probability, while a common shock makes good and bad
periods. New business is a smoothed bootstrap of past windows, split over the nodes. Amounts are integers (cents); same seed, same draws.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ml.dataset import Floats, Ints
from ml.tree import Tree

DRAWS = 2000
# Measured by `make bench-forecast` (docs/accuracy.md); with independent deals and a faultless model an "80 %" range held 44 % of the time.
DEAL_CORRELATION = 0.005  # share of the latent variance that all deals have in common, however much was learned
MODEL_ERROR = (
    0.035  # log-scale error common to all open deals' sum, before a tenant's own past says otherwise (ml/errors.py)
)
MOST_ERROR = 0.5  # of one node's: beyond it is few deals, which no error of the level stands for
LOG_ODDS_PER_DEVIATION = (
    1.702  # the logistic distribution so scaled lies within 0.01 of the standard normal (Haley 1952)
)
NEW_CORRELATION = 0.3  # of the market shock with new business
NEW_SPREAD = 0.20  # by how much windows of new business differ, relatively, before any is seen
SPREAD_WINDOWS = 4.0  # windows' worth of belief in that
NEW_DEALS = 40.0  # about how many new deals the split over the nodes is drawn from, before any window shows it


@dataclass(frozen=True)
class OpenDeals:
    """Probability, amount in cents and position of the node that each deal belongs to directly."""

    probability: Floats
    cents: Ints
    node: Ints


def in_common(closed: tuple[int, int] | None) -> float:
    """Share of the latent variance that all open deals have in common where (won, lost) deals taught their chances; None: not told.

    Few of them leave the level of all chances unsure: empirical log-odds have a variance of 1 ÷ (won + ½) + 1 ÷ (lost + ½) (Haldane 1956,
    Anscombe 1956), here in squared deviations of the latent normal.
    """
    if closed is None:
        return DEAL_CORRELATION
    unsure = sum(1 / (deals + 0.5) for deals in closed) / LOG_ODDS_PER_DEVIATION**2
    return DEAL_CORRELATION + (1 - DEAL_CORRELATION) * unsure / (1 + unsure)


def draw_open(
    deals: OpenDeals, nodes: int, market: Floats, draw: np.random.Generator, correlation: float = DEAL_CORRELATION
) -> Ints:
    """(draws, nodes) cents won from open deals, at the nodes they belong to directly; their mean is Σ probability × amount per node.

    `correlation`: as `in_common`.
    """
    normal = NormalDist()
    total = np.zeros((len(market), nodes), dtype=np.int64)
    alive = (deals.probability > 0) & (deals.cents != 0)
    p, cents, node = deals.probability[alive], deals.cents[alive], deals.node[alive]
    threshold = np.array([normal.inv_cdf(min(max(x, 1e-12), 1 - 1e-12)) for x in p])
    for place in np.unique(node):
        here = np.flatnonzero(node == place)
        own = draw.standard_normal((len(market), len(here)))
        won = np.sqrt(correlation) * market[:, None] + np.sqrt(1 - correlation) * own < threshold[here]
        total[:, place] = won @ cents[here]
    return total


def draw_new(
    windows: Floats,
    weights: Floats,
    shares: Floats,
    market: Floats,
    draw: np.random.Generator,
    deals: float = NEW_DEALS,
) -> Ints:
    """(draws, nodes) cents of new business: a past window's total (by weight), with noise, split by `shares` (they sum to 1).

    The draws' mean tends to the weighted mean of `windows`; the split is that of `deals` deals of one size.
    """
    picked = draw.choice(windows, size=len(market), p=weights / weights.sum())
    spread = new_spread(windows, weights)
    noise = (
        spread * (NEW_CORRELATION * -market + np.sqrt(1 - NEW_CORRELATION**2) * draw.standard_normal(len(market)))
        - spread**2 / 2
    )
    many = max(
        round(2 * (deals + 1)), 1
    )  # of uneven size (exponential) are as uneven over the nodes as half as many of one size
    split = draw.standard_gamma(draw.multinomial(many, shares / shares.sum(), size=len(market)).astype(float))
    split /= split.sum(axis=1, keepdims=True)
    return np.asarray(np.round((picked * np.exp(noise))[:, None] * split).astype(np.int64))


def new_spread(windows: Floats, weights: Floats) -> float:
    """Log-scale noise around a past window, beyond what the windows differ by: few of them say little, and their mean errs too."""
    mean = float(np.average(windows, weights=weights))
    own = float(np.average((windows - mean) ** 2, weights=weights)) / mean**2 if mean else 0.0
    believed = SPREAD_WINDOWS * NEW_SPREAD**2 / (SPREAD_WINDOWS + len(windows) - 1)
    return float(np.sqrt(np.log1p(believed + own / len(windows))))


def split_deals(parts: Floats, shares: Floats) -> float:
    """How many deals of one size the split of new business over the nodes is like, from (nodes, windows) cents of each node's own.

    A Dirichlet's precision by the spread of past windows' shares around `shares`; believed to be NEW_DEALS until windows say otherwise.
    """
    seen = parts[:, parts.sum(axis=0) > 0]
    even = float((shares * (1 - shares)).sum())
    if even <= 0 or not seen.shape[1]:
        return NEW_DEALS
    apart = float(((seen / seen.sum(axis=0) - shares[:, None]) ** 2).sum(axis=0).mean())
    believed = SPREAD_WINDOWS * even / (NEW_DEALS + 1) + seen.shape[1] * apart
    return float(max(even * (SPREAD_WINDOWS + seen.shape[1]) / believed - 1, 1.0))


def drifted(from_open: Ints, from_new: Ints, tree: Tree, scale: Floats, draw: np.random.Generator) -> Ints:
    """The draws of both parts together, moved by what the forecast's own level is off at each node, in common for all below it (ADR 45).

    Usual is a log-scale error of MODEL_ERROR on the whole's part from open deals. A node's error is what makes its spread `scale` (nodes,)
    times what it is with that, beside the errors above and below it. At the top its median is 1, below its mean, so that sums stay.
    """
    own = from_open + from_new
    total, opened = tree.summed(own), tree.summed(from_open)
    mean = total.mean(axis=0)
    alone = np.divide(total.var(axis=0), mean**2, out=np.zeros(len(mean)), where=mean != 0)
    usual = np.divide(MODEL_ERROR * opened.mean(axis=0), mean, out=np.zeros(len(mean)), where=mean != 0)
    top = tree.top()
    error = np.sqrt(np.log1p(tree.errors(scale**2 * (alone + usual[top] ** 2) - alone, mean, MOST_ERROR**2)))
    drift = error * draw.standard_normal((len(own), len(mean)))
    below = tree.parent >= 0
    drift[:, below] -= error[below] ** 2 / 2
    return np.asarray(np.round(own * np.exp(tree.added_above(drift))).astype(np.int64))


def market_shocks(draw: np.random.Generator) -> Floats:
    """(DRAWS,) standard normal shocks in antithetic pairs, so that their mean is exactly 0. A low shock is a good market."""
    half = draw.standard_normal(DRAWS // 2)
    return np.concatenate([half, -half])


def ranges(totals: Ints) -> NDArray[np.int64]:
    """(3, nodes) P10, P50, P90 in cents: values that were drawn, not interpolated ones."""
    return np.asarray(np.quantile(totals, [0.1, 0.5, 0.9], axis=0, method="inverted_cdf"), dtype=np.int64)
