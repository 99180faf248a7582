"""`python -m bench.worlds --worlds N --scale S`: our model beside a filter-oracle in independently seeded sandbox companies.

Each world is kept under `var/bench/worlds` when it is done, by the digest of the code that made it: a killed run resumes, and no figure of
other code is told. Out: ROC-AUC, Brier and ECE of "won within 30 days" for both, and at company, region and team the coverage and Winkler
score of our 80 % range of week four beside the naive rule's.
"""

import argparse
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import orjson

from bench.code import code_of
from bench.lived import Lived, live
from bench.measures import measure
from bench.naive import LEVELS
from config.settings import ROOT, settings, use
from sandbox import postgres

HOME = ROOT / "var" / "bench" / "worlds"
FIRST_SEED = 101
PACKAGES = ("bench", "config", "connectors", "ml", "nightly", "sandbox", "warehouse")
# No import statement names a connector.
BESIDE = ("config", "connectors", "dbt_project", "requirements.lock", "warehouse/migrations")
Held = tuple[float, float, float]  # low, high, landed
CREDENTIALS = {
    "fxiaoke_base_url": "http://127.0.0.1:0", "fxiaoke_app_id": "FSAID_sandbox", "fxiaoke_app_secret": "none",
    "fxiaoke_permanent_code": "none", "fxiaoke_user_id": "1000", "vault_key": "bench", "token_seed": "bench",
}  # fmt: skip


def main() -> None:
    """Live the worlds that are not kept yet, then tell of all."""
    parser = argparse.ArgumentParser(prog="python -m bench.worlds", description=__doc__)
    parser.add_argument("--worlds", type=int, default=50, help="how many")
    parser.add_argument("--scale", type=float, default=0.2, help="1 is 12,000 opportunities in three years")
    chosen = parser.parse_args()
    print("\n".join(report(worlds(range(FIRST_SEED, FIRST_SEED + chosen.worlds), chosen.scale))))


def worlds(seeds: Sequence[int], scale: float, home: Path = HOME) -> list[Lived]:
    """The worlds of these seeds, those that are kept from their files."""
    home.mkdir(parents=True, exist_ok=True)
    paths = {seed: kept_at(seed, scale, home) for seed in seeds}
    missing = [seed for seed in seeds if not paths[seed].exists()]
    if missing:
        use(home=str(home), **CREDENTIALS)
        postgres.start()
        settings.cache_clear()
        try:
            for seed in missing:
                paths[seed].write_bytes(orjson.dumps(live(seed, scale, home).kept()))
                print(f"world {seed} is done", flush=True)
        finally:
            postgres.stop()
    return [Lived(**orjson.loads(paths[seed].read_bytes())) for seed in seeds]


def kept_at(seed: int, scale: float, home: Path = HOME) -> Path:
    """Where the figures of a world are kept that the present code makes."""
    return home / f"{scale:g}-{seed}-{_code()}.json"


@cache
def _code() -> str:
    return code_of("bench.lived", PACKAGES, BESIDE)


def report(lived: Sequence[Lived]) -> list[str]:
    """Both parts as Markdown."""
    return [*of_deals(lived), "", *of_ranges(lived)]


def of_deals(lived: Sequence[Lived]) -> list[str]:
    """The five measures of both, over all deals and days, and what of the oracle's ranking ours has."""
    label, ours, oracle = np.array([row for world in lived for row in world.deals]).T
    weights = np.ones((1, len(label)))
    figures = {
        name: measure(label, told, weights).figures
        for name, told in (("ours", ours), ("filter-oracle", oracle), ("base rate", np.full(len(label), label.mean())))
    }
    lines = [
        f"{len(lived)} worlds of scale {lived[0].scale:g}, {len(label):,} deals and days, {label.mean():.1%} won within 30 days",
        "",
    ]
    lines += ["| Contender | ROC-AUC | log loss | Brier | ECE |", "|---|---|---|---|---|"]
    for name, own in figures.items():
        cells = " | ".join(f"{own[metric]:.4f}" for metric in ("roc_auc", "log_loss", "brier", "ece"))
        lines.append(f"| {name} | {cells} |")
    ranked = (figures["ours"]["roc_auc"] - 0.5) / (figures["filter-oracle"]["roc_auc"] - 0.5)
    square = figures["ours"]["brier"] / figures["filter-oracle"]["brier"] - 1
    return [*lines, "", f"AUC - 0.5 is {ranked:.3f} of the oracle's (goal 0.97), Brier {square:+.1%} (goal within 5 %)"]


def of_ranges(lived: Sequence[Lived]) -> list[str]:
    """Coverage and Winkler score by level; the naive rule is judged where it has a range."""
    lines = [
        "| Level | node-quarters | coverage of 80 % | Winkler | both given | Winkler there | naive | its coverage |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|")
    for level in LEVELS:
        rows = [row for world in lived for row in world.ranges if row[0] == level]
        if not rows:
            continue
        ours = [(low, high, landed) for _, low, high, _, _, landed in rows]
        here = [(low, high, landed) for _, low, high, naive, _, landed in rows if naive is not None]
        naive = [(low, high, landed) for *_, low, high, landed in rows if low is not None and high is not None]
        cells = (
            f"{coverage(ours):.3f}",
            f"{winkler(ours):.2f}",
            f"{len(here)}",
            f"{winkler(here):.2f}",
            f"{winkler(naive):.2f}",
        )
        lines.append(f"| {level} | {len(rows)} | {' | '.join(cells)} | {coverage(naive):.3f} |")
    return lines


def coverage(told: Sequence[Held]) -> float:
    """Share of ranges that hold what landed."""
    return float(np.mean([low <= landed <= high for low, high, landed in told]))


def winkler(told: Sequence[Held]) -> float:
    """Mean interval score of an 80 % range, relative to the mean landed."""
    low, high, landed = np.array(told).T
    cost = high - low + 10 * (np.maximum(low - landed, 0) + np.maximum(landed - high, 0))
    return float(cost.sum() / landed.sum())


if __name__ == "__main__":
    main()
