"""The hidden process: hazards by which a deal advances, falls back, is won or lost, and the hidden forces on them.

All rates are per day of average workload. docs/sandbox.md gives the formulas in words; `chain` lives them, `oracle` sums them up.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sandbox.company import seasons
from sandbox.company.seasons import Floats, Ints, Span

EQUIPMENT, SOFTWARE, PARTS = 0, 1, 2
PROCESSES = ["equipment", "software", "parts"]
SOURCES = ["marketing", "old_customer", "self_found", "dealer", "tender"]
MARKETING, OLD_CUSTOMER, SELF_FOUND, DEALER, TENDER = range(5)
HORIZONS = (7, 14, 30, 60, 90)

# [process, stage S1..S4]; parts begin at S2 and are signed from S3
ADVANCE = np.array([[0.026, 0.024, 0.019, 0.0], [0.068, 0.066, 0.060, 0.0], [0.0, 0.13, 0.0, 0.0]])
BACK = np.array([[0.0, 0.0015, 0.002, 0.002], [0.0, 0.003, 0.003, 0.003], [0.0, 0.0, 0.006, 0.0]])
WIN = np.array([[0.0006, 0.0008, 0.00125, 0.00155], [0.0012, 0.0017, 0.0025, 0.0032], [0.0, 0.0060, 0.0113, 0.0]])
LOSE = np.array([[0.0205, 0.0185, 0.0050, 0.0037], [0.0510, 0.0475, 0.0142, 0.0118], [0.0, 0.095, 0.059, 0.0]])

FREEZE_ON, FREEZE_OFF = 1 / 260, 1 / 55  # the buyer's budget is frozen, and freed
RIVAL_ON = 1 / 220  # a rival appears, and stays
HOT_ON, HOT_OFF = 1 / 40, 1 / 30  # the buyer's intent rises, and cools
FROZEN = {"win": 0.25, "advance": 0.25, "lose": 1.2}
RIVALLED = {"win": 0.65, "advance": 1.0, "lose": 1.4}
INTENT_HOT = {"win": 1.5, "advance": 1.4, "lose": 0.7}
INTENT_COOL = {"win": 0.8, "advance": 0.85, "lose": 1.15}

WIN_BY_QUARTER = [0.90, 0.90, 0.88, 1.85]
RUSH = [4.9, 4.6, 2.8]  # by process: how much faster deals are signed in the last ten working days of a quarter
AFTER_RUSH = 0.65  # in the first two weeks of a quarter
JANUARY_LOSSES = 1.2
TENDER_BEFORE_BID, TENDER_AFTER_BID = 0.7, 3.0  # of losing; nobody is signed before the bid day
DEALER_STRETCH = 1.4  # the dealers' cycle from the third year on
REGIME_RIVALS = 1.8  # from the regime change on rivals appear so much more often
SHOCK_SD, SHOCK_MEMORY = 0.30, 0.6


@dataclass(frozen=True, slots=True)
class Weather:
    """What moves all deals: [process, day] factors of signing and losing, workload [day], shocks [region, day], dated changes."""

    span: Span
    load: Floats
    sign: Floats
    lose: Floats
    shock: Floats
    regime_day: int
    stretch_day: int


def weather(span: Span, regions: int, seed: int) -> Weather:
    """The factors of every day of the span; shocks are autoregressive by region and quarter."""
    load = seasons.workload(span)
    sign, lose = np.empty((3, len(load))), np.empty((3, len(load)))
    for index, ordinal in enumerate(span.days):
        day, last = date.fromordinal(ordinal), seasons.quarter_end(ordinal)
        begun = ordinal - seasons.quarter_end(last - 95)
        calm = AFTER_RUSH if begun <= 14 else 1.0
        rush = RUSH if ordinal in seasons.rush_days(last) else [calm] * 3
        sign[:, index] = load[index] * WIN_BY_QUARTER[(day.month - 1) // 3] * np.array(rush)
        lose[:, index] = load[index] * (JANUARY_LOSSES if day.month == 1 else 1.0)
    rng = np.random.default_rng([seed, 12])
    levels: dict[str, Floats] = {}
    level = rng.normal(0, 1, regions)
    for ordinal in span.days:
        name = seasons.quarter_name(ordinal)
        if name not in levels:
            level = SHOCK_MEMORY * level + np.sqrt(1 - SHOCK_MEMORY**2) * rng.normal(0, 1, regions)
            levels[name] = SHOCK_SD * level
    shock = np.array([levels[seasons.quarter_name(ordinal)] for ordinal in span.days]).T
    regime = seasons.month_end(span.start + 365 + 150) + 1
    return Weather(span, load, sign, lose, shock, regime, span.start + 730)


@dataclass(frozen=True, slots=True)
class Pull:
    """What moves one deal on one day, each an array by deal: factors of winning, advancing, losing (hidden states left out)."""

    win: Floats
    advance: Floats
    lose: Floats


def pull(
    sky: Weather, day: int, shock_day: int, process: Ints, source: Ints, region: Ints, renewal: Ints, bid: Ints,
    theta: Floats,
) -> Pull:  # fmt: skip
    """The factors of each deal on a day index; `theta` is its hidden log-odds shift, `shock_day` whose regional shock holds."""
    ordinal = sky.span.origin + day
    stretch = np.where((source == DEALER) & (ordinal >= sky.stretch_day), 1 / DEALER_STRETCH, 1.0)
    good, bad = np.exp(0.5 * theta) * stretch, np.exp(-0.5 * theta) * stretch
    shock = np.where(renewal == 1, 1.0, np.exp(0.5 * sky.shock[region, shock_day]))
    is_tender = bid > 0
    decided = np.where(is_tender, np.where(ordinal >= bid, TENDER_AFTER_BID, 0.0), 1.0)
    spared = np.where(is_tender, np.where(ordinal >= bid, TENDER_AFTER_BID, TENDER_BEFORE_BID), 1.0)
    return Pull(
        win=sky.sign[process, day] * good * shock * decided,
        advance=sky.load[day] * good,
        lose=sky.lose[process, day] * bad * spared / shock,
    )


def rival_rate(sky: Weather, ordinal: int) -> float:
    """The daily probability that a rival appears."""
    return RIVAL_ON * (REGIME_RIVALS if ordinal >= sky.regime_day else 1.0)


def force(name: str, frozen: NDArray[np.bool_], rival: NDArray[np.bool_], hot: NDArray[np.bool_]) -> Floats:
    """The factor that the hidden forces put on `win`, `advance` or `lose`."""
    heat = np.where(hot, INTENT_HOT[name], INTENT_COOL[name])
    out: Floats = np.where(frozen, FROZEN[name], 1.0) * np.where(rival, RIVALLED[name], 1.0) * heat
    return out
