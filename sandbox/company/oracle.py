"""What nobody in the company can know: hidden qualities, final outcomes, and the true probability that an open deal is won in time.

Only tests and benches read it. The probability is that of the process itself, given today's hidden state: it sums the chain of
`process` over all futures of stage, budget freeze, rival and intent, and holds today's owner and regional shock.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np

from sandbox.company import chain, process
from sandbox.company.deals import Deals
from sandbox.company.process import Weather
from sandbox.company.seasons import Floats, Ints, instant

EVER_DAYS = 420


@dataclass(frozen=True, slots=True)
class DealTruth:
    """One opportunity: hidden quality (log-odds), its last outcome in the CRM, and when (epoch ms; days are local dates).

    `decided_on` is the day on which it was truly won or lost, before anybody typed it; `signed_on` and `won_gross_amount`
    (CNY, incl. tax) are set for deals won in the end. A re-opened deal was closed twice.
    """

    quality: float
    outcome: Literal["open", "won", "lost", "deleted"]
    created_ms: int
    first_closed_ms: int | None
    closed_ms: int | None
    decided_on: date | None
    signed_on: date | None
    won_gross_amount: Decimal | None
    is_backfilled: bool
    is_reopened: bool


@dataclass(slots=True)
class Truth:
    """The truth of every opportunity by id, and the oracle at weekly snapshots (those days that lie whole weeks from the sandbox's day)."""

    opportunities: dict[str, DealTruth]
    sky: Weather
    deals: Deals
    life: chain.Life
    ids: list[str]
    skills: dict[int, list[tuple[int, float]]]

    def snapshot_days(self) -> list[date]:
        """The days on which the oracle speaks."""
        return [date.fromordinal(self.sky.span.origin + index) for index in sorted(self.life.snapshots)]

    def won_within(self, day: date) -> dict[str, dict[str, float]]:
        """For each deal open in the CRM at the end of a snapshot day: P(signed within 7, 14, 30, 60, 90 days) and `ever`.

        Keys of the inner dict: "7", "14", "30", "60", "90", "ever". A deal that is truly lost but still open in the CRM has 0;
        a re-opened deal is left out.
        Raises KeyError for a day that is no snapshot day.
        """
        index = day.toordinal() - self.sky.span.origin
        states = self.life.snapshots[index]
        end_ms = instant(day.toordinal() + 1)
        chances = dict(zip(states[:, 0].tolist(), self._summed(states, index), strict=True))
        out: dict[str, dict[str, float]] = {}
        names = [*map(str, process.HORIZONS), "ever"]
        for row, deal_id in enumerate(self.ids):
            truth = self.opportunities.get(deal_id)
            if truth is None or truth.created_ms >= end_ms or (truth.first_closed_ms or end_ms) < end_ms:
                continue
            signed = self.life.ending[row] == chain.WON and self.life.ended_on[row] <= index
            fallback = np.full(len(names), 1.0 if signed else 0.0)
            out[deal_id] = dict(zip(names, chances.get(row, fallback).tolist(), strict=True))
        return out

    def _summed(self, states: Ints, index: int) -> Floats:
        rows = states[:, 0]
        skill = np.array([_holding(self.skills[int(row)], index) for row in rows])
        mass = np.zeros((len(rows), 4, 2, 2, 2))
        mass[(np.arange(len(rows)), *states[:, 1:].T)] = 1.0
        won, out = np.zeros(len(rows)), []
        for step in range(1, EVER_DAYS + 1):
            day = min(index + step, len(self.sky.load) - 1)
            won += self._step(mass, rows, skill, day, index)
            if step in process.HORIZONS:
                out.append(won.copy())
        return np.stack([*out, won], axis=1)

    def _step(self, mass: Floats, rows: Ints, skill: Floats, day: int, today: int) -> Floats:
        """Move the mass one day on, in place; the share won on that day."""
        _turn(mass, self.sky, day + self.sky.span.origin)
        deals = self.deals
        kind = deals.process[rows]
        p = process.pull(
            self.sky, day, today, kind, deals.source[rows], deals.region[rows], deals.renewal[rows], deals.bid[rows],
            chain.theta(deals, rows, skill),
        )  # fmt: skip
        frozen, rival, hot = np.meshgrid([False, True], [False, True], [False, True], indexing="ij")
        win, advance, lose = (
            (table[kind] * factor[:, None])[:, :, None, None, None] * process.force(name, frozen, rival, hot)
            for name, table, factor in (
                ("win", process.WIN, p.win), ("advance", process.ADVANCE, p.advance), ("lose", process.LOSE, p.lose),
            )
        )  # fmt: skip
        back = (process.BACK[kind] * self.sky.load[day])[:, :, None, None, None]
        total = win + advance + lose + back
        leaving = mass * -np.expm1(-total) / np.maximum(total, 1e-300)
        up, down = leaving * advance, leaving * back
        gained: Floats = (leaving * win).sum(axis=(1, 2, 3, 4))
        mass -= leaving * total
        mass[:, 1:] += up[:, :-1]
        mass[:, :-1] += down[:, 1:]
        return gained


def _turn(mass: Floats, sky: Weather, ordinal: int) -> None:
    """Freeze and thaw, rivals come, intent turns: each hidden force on its own axis."""
    for axis, on, off in (
        (2, process.FREEZE_ON, process.FREEZE_OFF),
        (3, process.rival_rate(sky, ordinal), 0.0),
        (4, process.HOT_ON, process.HOT_OFF),
    ):
        without, having = np.take(mass, 0, axis), np.take(mass, 1, axis)
        flow = without * on - having * off
        view = np.moveaxis(mass, axis, 0)
        view[0] -= flow
        view[1] += flow


def _holding(skills: list[tuple[int, float]], index: int) -> float:
    held = skills[0][1]
    for day, skill in skills:
        if day <= index:
            held = skill
    return held
