"""The hidden life of deals, day by day: what moves them, when they end, which contacts happen. Nothing here is typed by anyone.

Comes in: births and who owns each deal when. Goes out: a `Life`: true moves, endings, forces, contacts and weekly hidden states.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.company import process
from sandbox.company.deals import MEDIAN_AMOUNT, Deals
from sandbox.company.process import Weather
from sandbox.company.seasons import Floats, Ints

OPEN, WON, LOST = 0, 1, 2
STAGE, FREEZE, RIVAL, HOT = 0, 1, 2, 3  # what a move changes
CONTACTS = np.array(
    [[0.23, 0.27, 0.33, 0.42], [0.33, 0.37, 0.43, 0.53], [0.0, 0.53, 0.60, 0.0]]
)  # per workday and deal
CONTACT_BY_QUALITY, CONTACT_HOT, CONTACT_COOL, CONTACT_FROZEN = 0.22, 1.45, 0.8, 0.35
INBOUND_LOG_ODDS, INBOUND_BY_QUALITY, INBOUND_HOT = -0.75, 0.30, 0.80
AMOUNT_PULL, SKILL_PULL = -0.14, 1.0  # of log-odds, per log amount over the median of its process and per unit of skill


@dataclass(slots=True)
class Life:
    """Moves (deal, day, what, value), endings by deal, contacts (deal, day, inbound, kind of dice), snapshots by day index."""

    moves: NDArray[np.int64]
    ending: Ints
    ended_on: Ints
    contacts: NDArray[np.int64]
    snapshots: dict[int, NDArray[np.int64]]


@dataclass(slots=True)
class State:
    """The hidden state of all deals on one day."""

    stage: Ints
    frozen: Ints
    rival: Ints
    hot: Ints
    skill: Floats
    diligence: Floats


def theta(deals: Deals, rows: Ints, skill: Floats) -> Floats:
    """The hidden log-odds shift of deals: quality, the owner's skill, and larger deals are harder."""
    size = np.log(deals.amount[rows] / MEDIAN_AMOUNT[deals.process[rows]])
    out: Floats = deals.quality[rows] + SKILL_PULL * skill + AMOUNT_PULL * size
    return out


def live(
    sky: Weather, deals: Deals, owners: dict[int, list[tuple[int, float, float]]], snapshot_days: set[int],
    rng: np.random.Generator,
) -> Life:  # fmt: skip
    """Live all deals to the end of the span; `owners[day]` lists (deal, skill, diligence) of the owner from that day on."""
    n = len(deals)
    now = State(
        deals.stage.copy(), np.zeros(n, np.int64), (rng.random(n) < 0.12).astype(int), (rng.random(n) < 0.42).astype(int),
        np.zeros(n), np.ones(n),
    )  # fmt: skip
    by_birth = np.argsort(deals.born, kind="stable")
    births = np.searchsorted(deals.born[by_birth], np.arange(len(sky.load) + 1))
    life = Life(np.empty((0, 4), int), np.zeros(n, np.int64), np.full(n, len(sky.load)), np.empty((0, 4), int), {})
    moves: list[Ints] = []
    contacts: list[Ints] = []
    alive = np.empty(0, np.int64)
    for day in range(len(sky.load)):
        for row, skill, diligence in owners.get(day, []):
            now.skill[row], now.diligence[row] = skill, diligence
        if len(alive):
            contacts.append(_contacts(sky, deals, now, alive, day, rng))
            moves.append(_forces(sky, now, alive, day, rng))
            moves.append(_step(sky, deals, now, life, alive, day, rng))
            alive = alive[life.ending[alive] == OPEN]
        alive = np.concatenate([alive, by_birth[births[day] : births[day + 1]]])
        if day in snapshot_days:
            parts = [alive, now.stage[alive], now.frozen[alive], now.rival[alive], now.hot[alive]]
            life.snapshots[day] = np.stack(parts, axis=1)
    life.moves, life.contacts = np.concatenate([*moves, life.moves]), np.concatenate([*contacts, life.contacts])
    return life


def _forces(sky: Weather, now: State, alive: Ints, day: int, rng: np.random.Generator) -> Ints:
    dice = rng.random((3, len(alive)))
    frozen, hot = now.frozen[alive] == 1, now.hot[alive] == 1
    thaw = dice[0] < np.where(frozen, process.FREEZE_OFF, process.FREEZE_ON)
    comes = (now.rival[alive] == 0) & (dice[1] < process.rival_rate(sky, day + sky.span.origin))
    turns = dice[2] < np.where(hot, process.HOT_OFF, process.HOT_ON)
    out = []
    for what, changed, values in ((FREEZE, thaw, now.frozen), (RIVAL, comes, now.rival), (HOT, turns, now.hot)):
        rows = alive[changed]
        values[rows] = 1 - values[rows]
        out.append(_table(rows, day, what, values[rows]))
    return np.concatenate(out)


def _step(sky: Weather, deals: Deals, now: State, life: Life, alive: Ints, day: int, rng: np.random.Generator) -> Ints:
    kind, stage = deals.process[alive], now.stage[alive]
    p = process.pull(
        sky, day, day, kind, deals.source[alive], deals.region[alive], deals.renewal[alive], deals.bid[alive],
        theta(deals, alive, now.skill[alive]),
    )  # fmt: skip
    frozen, rival, hot = now.frozen[alive] == 1, now.rival[alive] == 1, now.hot[alive] == 1
    win = process.WIN[kind, stage] * p.win * process.force("win", frozen, rival, hot)
    advance = process.ADVANCE[kind, stage] * p.advance * process.force("advance", frozen, rival, hot)
    lose = process.LOSE[kind, stage] * p.lose * process.force("lose", frozen, rival, hot)
    back = process.BACK[kind, stage] * sky.load[day]
    total = win + advance + lose + back
    dice = rng.random(len(alive)) / -np.expm1(-total) * total
    up = alive[(dice >= win + lose) & (dice < win + lose + advance)]
    down = alive[(dice >= win + lose + advance) & (dice < total)]
    _end(deals, life, alive[dice < win], alive[(dice >= win) & (dice < win + lose)], day)
    now.stage[up] += 1
    now.stage[down] -= 1
    moved = np.concatenate([up, down])
    return _table(moved, day, STAGE, now.stage[moved])


def _end(deals: Deals, life: Life, won: Ints, lost: Ints, day: int) -> None:
    life.ending[won], life.ending[lost] = WON, LOST
    twins = deals.twin[won]
    twins = twins[twins >= 0]
    beaten = twins[(life.ending[twins] == OPEN) & (deals.born[twins] < day)]
    life.ending[beaten] = LOST
    for rows in (won, lost, beaten):
        life.ended_on[rows] = day


def _contacts(sky: Weather, deals: Deals, now: State, alive: Ints, day: int, rng: np.random.Generator) -> Ints:
    hot, quality = now.hot[alive] == 1, deals.quality[alive]
    rate = (
        CONTACTS[deals.process[alive], now.stage[alive]] * np.exp(CONTACT_BY_QUALITY * quality) * now.diligence[alive]
    )
    rate = rate * np.where(hot, CONTACT_HOT, CONTACT_COOL) * np.where(now.frozen[alive] == 1, CONTACT_FROZEN, 1.0)
    dice = rng.random((3, len(alive)))
    met = dice[0] < -np.expm1(-rate * sky.load[day])
    log_odds = INBOUND_LOG_ODDS + INBOUND_BY_QUALITY * quality + INBOUND_HOT * hot
    inbound = dice[1] < 1 / (1 + np.exp(-log_odds))
    parts = [alive[met], np.full(met.sum(), day), inbound[met].astype(int), (dice[2][met] * 1e9).astype(int)]
    return np.stack(parts, axis=1)


def _table(rows: Ints, day: int, what: int, values: Ints) -> Ints:
    return np.stack([rows, np.full(len(rows), day), np.full(len(rows), what), values], axis=1)
