"""The filter-oracle: the chance that an open deal is won in time, by the sandbox's own hazards and what was served up to the day.

In: `Served` records and the calendar. Out: after each day, for every deal that the CRM shows as open, a distribution over what is hidden:
log-odds shift (nodes), true stage, budget freeze, rival, intent, and whether it is truly won or lost already and not yet typed. Of hidden
numbers of people (skill, diligence) it knows what their own records say; regional shocks are held at their mean. Pushed close dates, typed
probabilities and twins are not looked at, so it bounds a forecaster from below, not from above.
"""

from dataclasses import dataclass, replace

import numpy as np

from bench.filter_chain import STALE, SURPRISE, reopened, spread, step, turn, type_losses, typed, wide
from bench.served import Served, column
from sandbox.company import chain, habits, process
from sandbox.company.process import Weather
from sandbox.company.seasons import Floats, Ints

NODES, SHARES = np.polynomial.hermite_e.hermegauss(5)
SKILL_SD, LEFT_SD = 0.28, 0.2  # of a rep's skill; of what his record leaves open of it
DILIGENCE_PRIOR = 12.0  # contacts' worth of belief in an ordinary diligence
UNTYPED_WINS = np.array(
    [1 - habits.WIN_SAME_DAY_SHARE, 0.8, 0.75, 2 / 3, 0.5, 0.0]
)  # still untyped, by days since signing
WIN_LAG = np.array([habits.WIN_SAME_DAY_SHARE, *[(1 - habits.WIN_SAME_DAY_SHARE) / 5] * 5])
FROZEN, RIVAL, HOT = np.meshgrid([False, True], [False, True], [False, True], indexing="ij")
FORCES = {name: process.force(name, FROZEN, RIVAL, HOT) for name in ("win", "advance", "lose")}
HEAT = np.where(HOT, chain.CONTACT_HOT, chain.CONTACT_COOL) * np.where(FROZEN, chain.CONTACT_FROZEN, 1.0)
INBOUND = chain.INBOUND_LOG_ODDS + chain.INBOUND_HOT * HOT
ON_DEAL = 1 - habits.ACCOUNT_LOGGED_SHARE


@dataclass
class Belief:
    """Of some deals: `alive` by (deal, node, fresh or stale, stage, freeze, rival, intent), `won` by days since, `lost` by phase."""

    alive: Floats
    won: Floats
    lost: Floats

    def of(self, rows: Ints) -> "Belief":
        """A copy for some rows."""
        return Belief(self.alive[rows], self.won[rows], self.lost[rows])


class FilterOracle:
    """Looks at one day after the other; `chances` after a day."""

    def __init__(self, seen: Served, sky: Weather) -> None:
        self.seen, self.sky = seen, replace(sky, shock=np.zeros_like(sky.shock))
        n = len(seen.deals)
        self.kind, self.source = column(seen, "process").astype(int), np.maximum(column(seen, "source"), 0).astype(int)
        self.renewal, self.bid = column(seen, "renewal").astype(int), column(seen, "bid").astype(int)
        self.quality, self.size = column(seen, "quality"), column(seen, "size").astype(float)
        self.spread = np.hypot(column(seen, "spread"), LEFT_SD)
        self.shown, self.created = column(seen, "stage").astype(int), column(seen, "created").astype(int)
        people = sorted(
            {deal.owner for deal in seen.deals} | {v for e in seen.events.values() for _, w, v in e if w == "owner"}
        )
        self.people = {person: place for place, person in enumerate(people)}
        self.owner = np.array([self.people[deal.owner] for deal in seen.deals])
        self.bursting = np.array([person in seen.bursting for person in people])
        self.score, self.known = np.zeros(len(people)), np.full(len(people), SKILL_SD**-2)
        self.met, self.expected = np.full(len(people), DILIGENCE_PRIOR), np.full(len(people), DILIGENCE_PRIOR / 1.04)
        self.belief = Belief(np.zeros((n, len(NODES), 2, 4, 2, 2, 2)), np.zeros((n, 6)), np.zeros((n, 4)))
        self.is_open, self.is_reopened = np.zeros(n, bool), np.zeros(n, int)
        self.week, self.week_load = np.zeros((n, 2)), np.zeros(n)
        start = np.array([0.88, 0.12])[:, None] * np.array([0.58, 0.42])
        shares = (SHARES / SHARES.sum())[:, None, None] * start
        self.belief.alive[np.arange(n), :, STALE, self.shown, 0] = shares

    def look(self, ordinal: int) -> None:
        """Take in one day; days must come in order."""
        rows = np.flatnonzero(self.is_open & (self.is_reopened == 0))
        stage, closed = self._events(ordinal)
        if len(rows):
            now = self.belief.of(rows)
            self._contacts(now, rows, ordinal)
            turn(now.alive, self.sky, ordinal)
            self._live(now, rows, ordinal, stage[rows], closed)
            total = now.alive.sum(axis=(1, 2, 3, 4, 5, 6)) + now.won.sum(axis=1) + now.lost.sum(axis=1)
            total = np.maximum(total, 1e-290)
            self.belief.alive[rows] = now.alive / total[:, None, None, None, None, None, None]
            self.belief.won[rows], self.belief.lost[rows] = now.won / total[:, None], now.lost / total[:, None]
        self.is_open[list(closed)] = False
        self.is_open |= self.created == ordinal
        self.is_open &= ~np.isin(np.arange(len(self.created)), list(closed))

    def _events(self, ordinal: int) -> tuple[Ints, dict[int, str]]:
        stage, closed = np.full(len(self.created), -1), dict[int, str]()
        for deal, what, value in self.seen.events.get(ordinal, ()):
            if what == "closed":
                closed[deal] = value
            elif what == "reopened":
                self.is_open[deal], self.is_reopened[deal] = True, ordinal
            elif what == "stage":
                stage[deal] = value
            elif what == "size":
                self.size[deal] = value
            else:
                self.owner[deal] = self.people[value]
        return stage, closed

    def _theta(self, rows: Ints) -> Floats:
        """(deal, node) log-odds shifts by what is known of the owner and the amount."""
        skill = (self.score / self.known)[self.owner[rows]]
        middle = self.quality[rows] + chain.SKILL_PULL * skill + chain.AMOUNT_PULL * self.size[rows]
        return np.asarray(middle[:, None] + self.spread[rows][:, None] * NODES)

    def _hazards(self, rows: Ints, ordinal: int) -> dict[str, Floats]:
        """(deal, node, stage, freeze, rival, intent) rates of winning, advancing, losing and falling back."""
        day, kind = ordinal - self.sky.span.origin, self.kind[rows]
        still = np.zeros(len(rows))
        pull = process.pull(
            self.sky, day, day, kind, self.source[rows], still.astype(int), self.renewal[rows], self.bid[rows], still
        )
        half = 0.5 * self._theta(rows)
        good, bad = np.exp(half), np.exp(-half)
        back = (process.BACK[kind] * self.sky.load[day])[:, None, :, None, None, None]
        return {
            "win": spread(process.WIN[kind], pull.win[:, None] * good, FORCES["win"]),
            "advance": spread(process.ADVANCE[kind], pull.advance[:, None] * good, FORCES["advance"]),
            "lose": spread(process.LOSE[kind], pull.lose[:, None] * bad, FORCES["lose"]),
            "back": np.broadcast_to(back, (len(rows), len(NODES), 4, 2, 2, 2)),
        }

    def _contacts(self, now: Belief, rows: Ints, ordinal: int) -> None:
        """Contacts of the day, of reps who log in one sitting those of the week, speak for quality, intent and freeze."""
        load = float(self.sky.load[ordinal - self.sky.span.origin])
        sits = self.bursting[self.owner[rows]]
        self.week_load[rows] += load
        for deal, inbound in self.seen.contacts.get(ordinal, ()):
            self.week[deal, inbound] += 1
        counts = self.week[rows]
        asked = np.where(sits, ordinal % 7 == 0, (load > 0.1) | (counts.sum(axis=1) > 0))
        here = np.flatnonzero(asked)
        if not len(here):
            return
        chosen, count = rows[here], counts[here]
        owner, loads = self.owner[chosen], np.where(sits[here], self.week_load[chosen], load)
        quality = self.quality[chosen][:, None] + 0.9 * self.spread[chosen][:, None] * NODES
        bare = np.exp(chain.CONTACT_BY_QUALITY * quality) * loads[:, None] * ON_DEAL
        rate = spread(chain.CONTACTS[self.kind[chosen]], bare, HEAT)
        of_day = now.alive[here]
        self._diligence(owner, count, (of_day * rate[:, :, None]).sum(axis=(1, 2, 3, 4, 5, 6)))
        rate = rate * (self.met / self.expected)[owner][:, None, None, None, None, None]
        odds = chain.INBOUND_BY_QUALITY * quality[:, :, None, None, None, None] + INBOUND
        outside, own = count[:, 0], count[:, 1]
        said = -np.log1p(np.exp(-odds)) * wide(own) - np.log1p(np.exp(odds)) * wide(outside)
        likely = np.exp(said + np.log(np.maximum(rate, 1e-9)) * wide(own + outside) - rate)
        now.alive[here] = of_day * likely[:, :, None]
        silent = habits.DEAD_CONTACTS_PER_DAY * np.where(sits[here], 7.0, 1.0)
        dead = np.exp(-silent) * silent**outside * SURPRISE**own
        met_before = (of_day.sum(axis=(1, 2, 3, 4, 5, 6)) > 0) * 0.3 * np.exp(-0.5) * 0.5 ** (own + outside)
        dead = np.where(sits[here], np.maximum(dead, met_before), dead)
        now.lost[here] *= dead[:, None]
        now.won[here] *= np.where(own + outside > 0, SURPRISE, 1.0)[:, None]
        self.week[chosen], self.week_load[chosen] = 0, 0

    def _diligence(self, owner: Ints, count: Floats, expected: Floats) -> None:
        np.add.at(self.met, owner, count.sum(axis=1))
        np.add.at(self.expected, owner, expected)

    def _live(self, now: Belief, rows: Ints, ordinal: int, stage: Ints, closed: dict[int, str]) -> None:
        """One day of the chain, then what was typed on it and what was not."""
        moved, won, lost = step(now.alive, self._hazards(rows, ordinal))
        typed_stage = stage >= 0
        typed(now.alive, moved, self.shown[rows], stage, ordinal)
        now.lost[typed_stage] *= SURPRISE
        now.won[typed_stage] *= SURPRISE
        self.shown[rows[typed_stage]] = stage[typed_stage]
        before = now.won.sum(axis=1) + won
        now.won[:, 1:] = now.won[:, :-1]
        now.won[:, 0] = won
        now.won *= UNTYPED_WINS
        told_won = before - now.won.sum(axis=1)
        told_lost = type_losses(now.lost, lost, ordinal)
        outcome = np.array([closed.get(row, "") for row in rows])
        seen = 0.5 * ((outcome == "won") - told_won) - 0.5 * ((outcome == "lost") - told_lost)
        np.add.at(self.score, self.owner[rows], seen)
        np.add.at(self.known, self.owner[rows], 0.25 * (told_won + told_lost))

    def chances(self, ordinal: int, days: int) -> tuple[list[str], Floats]:
        """After a day: ids of the deals that are open in the CRM, and P(won there within 1, …, `days` days) of each."""
        rows = np.flatnonzero(self.is_open)
        now = self.belief.of(rows)
        now.alive = now.alive.sum(axis=2, keepdims=True)
        told = np.zeros((len(rows), days + 6))
        for since in range(5):
            told[:, 1 : 6 - since] += now.won[:, since, None] / (5 - since)
        for ahead in range(1, days + 1):
            turn(now.alive, self.sky, ordinal + ahead)
            moved, won, _ = step(now.alive, self._hazards(rows, ordinal + ahead))
            now.alive[:, :, 0] += moved
            for lag, share in enumerate(WIN_LAG):
                told[:, ahead + lag] += won * share
        chance = np.cumsum(told[:, : days + 1], axis=1)[:, 1:]
        again = self.is_reopened[rows] > 0
        chance[again] = reopened((ordinal - self.is_reopened[rows])[again], days)
        return [self.seen.deals[row].id for row in rows], chance
