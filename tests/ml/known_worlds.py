"""Invented companies whose chances are known, quarter by quarter: what a forecaster who knows the process would be told, and what landed.

In: a seed. Out: per quarter the frames that the period forecast reads, and the cents that landed at every node. Good and bad quarters move
open and new business together by a tenth; amounts are lognormal; teams differ in size.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

TEAMS, REGIONS = 6, 3
QUARTERS, BEFORE, MOST_WINDOWS = 8, 6, 8
SHOCK = 0.1
PARENTS = {"company": None} | {f"region-{r}": "company" for r in range(REGIONS)}
PARENTS |= {f"team-{t}": f"region-{t % REGIONS}" for t in range(TEAMS)}


@dataclass(frozen=True)
class Quarter:
    """`landed`: node → cents; `before`: node → cents of the quarters before, oldest first."""

    windows: pd.DataFrame
    deals: pd.DataFrame
    landed: dict[str, float]
    before: list[dict[str, float]]


def quarters(seed: int, regional: float = 0.0) -> Iterator[Quarter]:
    """The quarters of one company, after six that are only seen as past; `regional`: by how much single regions' differ, log-scale."""
    draw = np.random.default_rng(seed)
    share, size, rate = draw.dirichlet(np.full(TEAMS, 5.0)), draw.uniform(20, 80), draw.uniform(0.1, 0.5)
    new_before: list[dict[str, float]] = []
    landed_before: list[dict[str, float]] = []
    for number in range(BEFORE + QUARTERS):
        level = np.full(TEAMS, np.exp(SHOCK * draw.normal()))
        if regional:
            level *= np.exp(regional * draw.normal(size=REGIONS))[np.arange(TEAMS) % REGIONS]
        new = np.array([draw.lognormal(12, 1, n).sum() * 35 for n in draw.poisson(size * level * share)])
        count = int(2 * size)
        team = draw.choice(TEAMS, count, p=share)
        chance = draw.beta(3 * rate, 3 * (1 - rate), count)
        cents = np.round(draw.lognormal(12, 1, count) * 100)
        odds = chance / (1 - chance) * level[team]
        open_won = np.bincount(team, (draw.random(count) < odds / (1 + odds)) * cents, TEAMS)
        landed = _summed(open_won + new)
        if number >= BEFORE:
            deals = pd.DataFrame({"node_id": [f"team-{t}" for t in team], "p": chance, "cents": cents})
            deals.insert(0, "opportunity_id", [f"O-{n}" for n in range(count)])
            yield Quarter(_windows(new_before[-MOST_WINDOWS:]), deals, landed, list(landed_before))
        new_before.append(_summed(new))
        landed_before.append(landed)


def _summed(by_team: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> dict[str, float]:
    found = dict.fromkeys(PARENTS, 0.0)
    for team, cents in enumerate(by_team):
        node: str | None = f"team-{team}"
        while node:
            found[node] += round(float(cents))
            node = PARENTS[node]
    return found


def _windows(past: list[dict[str, float]]) -> pd.DataFrame:
    rows = [(node, above, "current", "now", "now", 0.0, np.nan) for node, above in PARENTS.items()]
    rows += [
        (node, above, "period", f"w{n}", f"w{n}", np.nan, cents[node])
        for n, cents in enumerate(past)
        for node, above in PARENTS.items()
    ]
    return pd.DataFrame(
        rows, columns=["node_id", "parent_node_id", "window_kind", "window_id", "period_id", "won", "new"]
    )
