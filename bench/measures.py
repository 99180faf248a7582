"""Five measures of forecast probabilities, weighted by how often a bootstrap drew each case, and paired intervals from them.

In: labels, forecasts, the case of each row. Out: figures, and 90 % intervals by case (rows of one case are drawn together).
"""

from dataclasses import dataclass

import numpy as np

from bench.cases import Floats, Ints

DRAWS = 200
BINS = 10
METRICS = ("roc_auc", "pr_auc", "log_loss", "brier", "ece")
EDGE = 1e-6


def log_loss(label: Floats, forecast: Floats) -> Floats:
    """(n,) loss of each row; probabilities are held EDGE away from 0 and 1."""
    p = np.clip(forecast, EDGE, 1 - EDGE)
    return np.asarray(-(label * np.log(p) + (1 - label) * np.log1p(-p)))


@dataclass(frozen=True)
class Measured:
    """The five figures of one contender on the rows as they are, and on each bootstrap draw: metric → (DRAWS,)."""

    figures: dict[str, float]
    drawn: dict[str, Floats]

    def interval(self, metric: str) -> tuple[float, float]:
        """90 % interval of one figure."""
        low, high = np.quantile(self.drawn[metric], [0.05, 0.95])
        return float(low), float(high)


def weights_by_case(case: Ints, seed: int) -> Floats:
    """(DRAWS + 1, n) weights: first all 1, then how often the row's case was drawn."""
    _, place = np.unique(case, return_inverse=True)
    cases = int(place.max()) + 1
    draw = np.random.default_rng(seed)
    drawn = draw.multinomial(cases, np.full(cases, 1 / cases), size=DRAWS)
    return np.vstack([np.ones(len(case)), drawn[:, place]])


def measure(label: Floats, forecast: Floats, weights: Floats) -> Measured:
    """All five measures of one contender on each row of `weights`; pairing comes from giving every contender the same weights."""
    order = np.argsort(-forecast, kind="stable")
    columns: dict[str, list[float]] = {metric: [] for metric in METRICS}
    loss, square = log_loss(label, forecast), (forecast - label) ** 2
    ties = np.flatnonzero(np.append(np.diff(forecast[order]) != 0, True))
    bins = np.array_split(order[::-1], BINS)
    for weight in weights:
        total = weight.sum()
        auc, average = _ranked(label[order] * weight[order], weight[order], ties)
        gaps = [abs(float(weight[b] @ (forecast[b] - label[b]))) for b in bins]
        found = (auc, average, float(weight @ loss) / total, float(weight @ square) / total, sum(gaps) / total)
        for metric, value in zip(METRICS, found, strict=True):
            columns[metric].append(float(value))
    return Measured(
        {metric: values[0] for metric, values in columns.items()},
        {metric: np.array(values[1:]) for metric, values in columns.items()},
    )


def _ranked(won: Floats, weight: Floats, ties: Ints) -> tuple[float, float]:
    """Area under ROC and average precision from rows sorted by falling forecast; equal forecasts are one step."""
    hits, seen = np.cumsum(won)[ties], np.cumsum(weight)[ties]
    misses = seen - hits
    if hits[-1] == 0 or misses[-1] == 0:
        return 0.5, float(hits[-1] > 0)
    step, fell = np.diff(hits, prepend=0.0), np.diff(misses, prepend=0.0)
    auc = float((fell * (hits - step / 2)).sum() / (hits[-1] * misses[-1]))
    precision = hits / np.maximum(seen, 1e-12)
    return auc, float((step * precision).sum() / hits[-1])
