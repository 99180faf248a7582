"""What the figures of one set mean: floors that fail the bench, and goals that were or were not reached, with size, interval and cause.

In: `Measured` of ours and of every peer on the same rows and draws. Out: sentences; a floor's sentence fails the run.
"""

from dataclasses import dataclass

import numpy as np

from bench.cases import Floats
from bench.measures import Measured
from ml.calibration import level

BASE, STAGE_TIME = "base rate", "stage x time rate"
BASE_MARGIN = 0.005  # log loss
WORST_ECE = {"bpic2012": 0.03, "hotel": 0.03}
GOALS = ("log_loss", "brier")


@dataclass(frozen=True)
class Result:
    """One set: its contenders' figures, by how much the level of each was off (log-odds), what of the won its likeliest fifth holds."""

    name: str
    note: str
    rows: int
    measured: dict[str, Measured]
    level: dict[str, float]
    seconds: dict[str, float]
    fifths: dict[str, float]


def floors(result: Result, ours: str) -> list[str]:
    """What must not be; empty when all floors hold."""
    own, broken = result.measured[ours], []
    gap = own.drawn["log_loss"] - result.measured[STAGE_TIME].drawn["log_loss"]
    if np.quantile(gap, 0.05) > 0:
        broken.append(f"{result.name}: log loss worse than {STAGE_TIME} (95 %)")
    over = own.figures["log_loss"] - result.measured[BASE].figures["log_loss"]
    if over > BASE_MARGIN:
        broken.append(f"{result.name}: log loss {over:.4f} worse than the {BASE}, {BASE_MARGIN} allowed")
    if own.figures["ece"] > WORST_ECE.get(result.name, 1.0):
        broken.append(f"{result.name}: ECE {own.figures['ece']:.4f}, {WORST_ECE[result.name]} allowed")
    return broken


def goals(result: Result, ours: str) -> list[str]:
    """A sentence per goal: not worse than the best peer by more than half the width of the paired 90 % interval."""
    return [_goal(result, ours, metric) for metric in GOALS]


def _goal(result: Result, ours: str, metric: str) -> str:
    peers = [name for name in result.measured if name != ours]
    best = min(peers, key=lambda name: result.measured[name].figures[metric])
    own, peer = result.measured[ours], result.measured[best]
    gap = own.figures[metric] - peer.figures[metric]
    low, high = np.quantile(own.drawn[metric] - peer.drawn[metric], [0.05, 0.95])
    reached = gap <= (high - low) / 2
    told = f"{result.name}, {metric}: {gap:+.4f} [{low:+.4f}, {high:+.4f}] against {best}: "
    if reached:
        return told + "reached"
    auc = own.figures["roc_auc"] - peer.figures["roc_auc"]
    return told + (
        f"NOT reached; the level of our forecasts was off by {result.level[ours]:+.2f} in the log-odds, "
        f"theirs by {result.level[best]:+.2f}; ROC-AUC {auc:+.3f}"
    )


def averages(results: list[Result], ours: str) -> list[str]:
    """A sentence per goal on the mean over the sets: strictly below the best single peer's."""
    told = []
    for metric in GOALS:
        mean = {
            name: float(np.mean([result.measured[name].figures[metric] for result in results]))
            for name in results[0].measured
        }
        best = min((name for name in mean if name != ours), key=lambda name: mean[name])
        word = "reached" if mean[ours] < mean[best] else "NOT reached"
        told.append(
            f"mean {metric} over {len(results)} sets: {mean[ours]:.4f}, best single peer {best} {mean[best]:.4f}: {word}"
        )
    return told


def level_gap(label: Floats, forecast: Floats) -> float:
    """What must be added to the forecasts' log-odds so that as many are won as were forecast."""
    p = np.clip(forecast, 1e-6, 1 - 1e-6)
    return level(np.log(p) - np.log1p(-p), label, np.ones(len(label)), 0.0)
