"""One seeded world of the sandbox as our model meets it: landed from its own export, features by the project's SQL, no server and no DAG.

In: a seed and a scale. Out: `Lived`: for each open deal on each Monday of the last fifteen months whether it was won within 30 days, our
chance and the filter-oracle's; for each node and quarter of the last eight our 80 % range of week four, the naive one and what landed.
"""

import shutil
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from bench.filter_oracle import FilterOracle
from bench.naive import read_landed
from bench.served import served
from config.settings import settings, use
from connectors.history import load_history
from ml.backtest import fitted, replayed
from ml.dataset import day_number, read_rows
from ml.model import WinModel, sigmoid
from nightly import dbt_engine
from nightly.dbt import variables
from sandbox.company import Company, generate
from sandbox.export import export
from sandbox.life import write
from sandbox.papers import with_papers
from sandbox.store import Store
from warehouse.connection import connect
from warehouse.frames import read_frame
from warehouse.migrate import migrate

DAY = date(2026, 8, 10)  # of the company; its export ends 28 days before
LAST, FIRST_GRID = date(2026, 7, 13), date(2023, 8, 14)  # Mondays
QUARTERS = [date(2024 + (6 + 3 * n) // 12, (6 + 3 * n) % 12 + 1, 1) for n in range(8)]
BEFORE = [date(2024, 1, 1), date(2024, 4, 1)]  # are forecast too, so that their errors are known; not judged
WEEK_FOUR, WITHIN = 21, 30
OLDER = 3  # models whose deals are not judged: they knew little more than a year
MODELS = ["+opportunity_features", "+opportunity_outcomes", "+opportunity_nodes", "+period_features"]


@dataclass
class Lived:
    """`deals`: (won within 30 days, ours, the oracle's); `ranges`: (level, low, high, naive low, naive high, landed)."""

    seed: int
    scale: float
    deals: list[tuple[int, float, float]]
    ranges: list[tuple[str, float, float, float | None, float | None, float]]

    def kept(self) -> dict[str, object]:
        """As JSON keeps it."""
        return asdict(self)


def live(seed: int, scale: float, home: Path) -> Lived:
    """Found a world, land it, forecast its past; its database and files are given up afterwards."""
    company = generate(DAY, scale=scale, seed=seed, days_ahead=0)
    folder = home / f"world-{seed}"
    use(tenant=f"world_{seed}", history="full", history_dir=str(folder / "export"), sources="fxiaoke", seed=str(seed))
    try:
        _land(company, seed, scale, folder)
        _features(home, folder)
        models = {day: fitted(day) for day in (_monday(quarter, WEEK_FOUR) for quarter in [*BEFORE, *QUARTERS])}
        return Lived(seed, scale, _deals(company, models), _ranges(models))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with connect(None, autocommit=True, database="postgres") as connection:
            # without force, which may not end an autovacuum: that is waited for
            connection.execute(f"drop database if exists {settings().pg_database}")


def _land(company: Company, seed: int, scale: float, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "company.sqlite"
    path.unlink(missing_ok=True)
    state = {"day": DAY, "go_live": company.go_live, "horizon": DAY, "seed": seed, "scale": scale}
    state |= {"day_began_at": 0.0, "dialect": "standard"}
    write(path, with_papers(company.patches, seed), state, company.targets)
    store = Store(path)
    export(store, folder / "export", "full")
    store.close()
    migrate()
    load_history(LAST)


def _features(home: Path, folder: Path) -> None:
    given = variables("features", LAST, FIRST_GRID, LAST, 7)
    faults = dbt_engine.build(["--select", *MODELS], given, home / "parsed", folder / "dbt")
    if faults:
        raise RuntimeError(f"dbt: {faults[0]}")


def _deals(company: Company, models: dict[date, WinModel]) -> list[tuple[int, float, float]]:
    """Each of the newer models judges the weeks from the day on which it was fitted to the next."""
    rows, ids = read_rows(LAST), _ids()
    days = sorted(models)[len(BEFORE) + OLDER :]
    oracle = _oracle(company, days[0])
    told: list[tuple[int, float, float]] = []
    for first, end in zip(days, [*days[1:], date.max], strict=True):
        model = models[first]
        asked = (rows.day >= day_number(first)) & (rows.day < day_number(end)) & (rows.day + WITHIN <= day_number(LAST))
        test = rows.take(asked)
        ours = sigmoid(model.log_odds(test.features, np.full(len(test), float(WITHIN))))
        won = test.is_won & (test.closed <= test.day + WITHIN)
        told += [
            (int(label), float(p), oracle[(ids[int(deal)], int(day))])
            for label, p, deal, day in zip(won, ours, test.deal, test.day, strict=True)
        ]
    return told


def _ids() -> list[str]:
    """Ids of deals as `read_rows(LAST)` counts them: by first appearance of rows that are kept."""
    frame = read_frame(
        "ml",
        """select distinct f.opportunity_id from features.opportunity_features as f
           join features.opportunity_outcomes as o using (opportunity_id)
           where not o.is_backfilled and (o.closed_on is null or o.closed_on > f.as_of_date)
           order by f.opportunity_id""",
        (),
    )
    return [str(deal) for deal in frame["opportunity_id"]]


def _oracle(company: Company, first: date) -> dict[tuple[str, int], float]:
    """(deal, day number) → its chance, on every Monday from `first` on."""
    oracle = FilterOracle(served(company.patches, company.truth.sky), company.truth.sky)
    found: dict[tuple[str, int], float] = {}
    for ordinal in range(int(oracle.created.min()), (LAST - timedelta(days=WITHIN)).toordinal() + 1):
        oracle.look(ordinal)
        day = date.fromordinal(ordinal)
        if day >= first and day.weekday() == 0:
            ids, chance = oracle.chances(ordinal, WITHIN)
            found |= {(deal, day_number(day)): float(p) for deal, p in zip(ids, chance[:, -1], strict=True)}
    return found


def _ranges(models: dict[date, WinModel]) -> list[tuple[str, float, float, float | None, float | None, float]]:
    landed = read_landed(LAST)
    told = []
    for quarter in [*BEFORE, *QUARTERS]:
        day = _monday(quarter, WEEK_FOUR)
        _, rows = replayed(day, day, models[day], "bench")
        for row in rows if quarter in QUARTERS else []:
            if row[8] is not None and (level := landed.level_on(day, str(row[1]))):
                low, high = landed.naive_range(quarter, str(row[1]), day)
                told.append((level, float(row[8]), float(row[10]), low, high, landed.of(quarter, str(row[1]), day)))
    return told


def _monday(quarter: date, days: int) -> date:
    """The first Monday at least so many days after a quarter's first day."""
    day = quarter + timedelta(days=days)
    return day + timedelta(days=(-day.weekday()) % 7)
