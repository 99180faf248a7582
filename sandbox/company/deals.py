"""Deals as they are born: one row per deal in parallel arrays, before anything has happened to it.

Comes in: staff, weather, converted leads. Goes out: `Deals`, sorted by nothing; the row number is the deal's name inside the generator.
"""

from dataclasses import dataclass, fields

import numpy as np

from sandbox.company import habits, process
from sandbox.company.leads import Leads
from sandbox.company.people import Staff
from sandbox.company.process import Weather
from sandbox.company.seasons import Floats, Ints, months
from sandbox.company.territory import home_regions, seats_drawn

PER_YEAR = {process.OLD_CUSTOMER: 265, process.SELF_FOUND: 395, process.DEALER: 985, process.TENDER: 595}
MIX = {  # share of equipment, software, parts by source
    process.MARKETING: (0.42, 0.33, 0.25),
    process.OLD_CUSTOMER: (0.35, 0.20, 0.45),
    process.SELF_FOUND: (0.45, 0.35, 0.20),
    process.DEALER: (0.50, 0.10, 0.40),
    process.TENDER: (0.88, 0.12, 0.0),
}
LINES = [["eq_press", "eq_robot"], ["sw_mes", "sw_iot"], ["pt_service", "pt_service"]]
MEDIAN_AMOUNT = np.array([410_000.0, 205_000.0, 48_000.0])
AMOUNT_SD = np.array([1.55, 1.30, 1.10])
AMOUNT_CAP = 20_000_000.0
QUALITY_BY_SOURCE = np.array([-0.10, 0.50, -0.05, 0.05, 0.05])
REGIME_SHIFT = np.array([-0.35, 0.20, 0.0, 0.0, 0.10])  # of quality by source, from the regime change on
RENEWAL_QUALITY, RENEWED_SHARE = 2.9, 0.65
START_STAGE = np.array([[0.55, 0.30, 0.15], [0.55, 0.30, 0.15], [0.0, 1.0, 0.0]])  # S1, S2, S3 by process
SEASON_OF_BIRTH = [0.75, 0.75, 0.95, 1.0, 1.0, 1.05, 1.05, 1.15, 1.2, 1.15, 1.1, 0.85]


@dataclass(slots=True)
class Deals:
    """Parallel arrays by deal: born is a day index of the span, bid an ordinal or 0, amount in CNY, lead/twin/parent a row or −1."""

    born: Ints
    second: Ints
    seat: Ints
    region: Ints
    source: Ints
    process: Ints
    line: Ints
    stage: Ints
    renewal: Ints
    usd: Ints
    bid: Ints
    lead: Ints
    twin: Ints
    parent: Ints
    backfilled: Ints
    amount: Floats
    quality: Floats

    def __len__(self) -> int:
        return len(self.born)

    def taken(self, rows: Ints) -> "Deals":
        """The deals of some rows."""
        return Deals(*(getattr(self, f.name)[rows] for f in fields(self)))

    def joined(self, other: "Deals") -> "Deals":
        """These deals, then the other's."""
        return Deals(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


def first_deals(sky: Weather, staff: Staff, leads: Leads, scale: float, seed: int) -> Deals:
    """Every deal that is not a consequence of an earlier one: converted leads, then the other sources day by day."""
    rng = np.random.default_rng([seed, 21])
    converted = np.flatnonzero(leads.converts)
    born, source, lead = [leads.converts_on[converted]], [np.zeros(len(converted), np.int64)], [converted]
    season = np.array([SEASON_OF_BIRTH[m] for m in months(sky.span)]) * sky.load
    for code, per_year in PER_YEAR.items():
        shocks = np.exp(0.6 * sky.shock).mean(axis=0)
        counts = rng.poisson(season * shocks * per_year * scale / 365.0)
        born.append(np.repeat(np.arange(len(counts)), counts))
        source.append(np.full(counts.sum(), code))
        lead.append(np.full(counts.sum(), -1))
    deals = _drawn(sky, staff, np.concatenate(born), np.concatenate(source), np.concatenate(lead), rng)
    with_lead = deals.lead >= 0
    deals.seat[with_lead] = leads.seat[deals.lead[with_lead]]
    deals.region[with_lead] = leads.region[deals.lead[with_lead]]
    deals.second[with_lead] = leads.converts_second[deals.lead[with_lead]]
    deals.quality[with_lead] += 0.35 * leads.intent[deals.lead[with_lead]]
    return deals.joined(_twins(deals, rng))


def _drawn(sky: Weather, staff: Staff, born: Ints, source: Ints, lead: Ints, rng: np.random.Generator) -> Deals:
    n = len(born)
    seat = seats_drawn(staff, sky, born, rng)
    shares = np.array([MIX[s] for s in range(5)])[source].cumsum(axis=1)
    kind = (rng.random(n)[:, None] > shares[:, :2]).sum(axis=1)
    stage = (rng.random(n)[:, None] > START_STAGE[kind].cumsum(axis=1)[:, :2]).sum(axis=1)
    amount = MEDIAN_AMOUNT[kind] * np.exp(AMOUNT_SD[kind] * rng.normal(0, 1, n))
    after = (born + sky.span.origin) >= sky.regime_day
    quality = rng.normal(0, 0.50, n) + QUALITY_BY_SOURCE[source] + after * REGIME_SHIFT[source]
    bid = np.where(source == process.TENDER, born + sky.span.origin + 20 + (rng.random(n) * 70).astype(int), 0)
    none = np.full(n, -1)
    return Deals(
        born, 30_600 + (rng.random(n) * 34_000).astype(int), seat, home_regions(staff)[seat], source, kind,
        (rng.random(n) < 0.45).astype(int), stage, np.zeros(n, np.int64), (rng.random(n) < habits.USD_SHARE).astype(int),
        bid, lead, none, none.copy(), np.zeros(n, np.int64), np.minimum(amount, AMOUNT_CAP), quality,
    )  # fmt: skip


def _twins(deals: Deals, rng: np.random.Generator) -> Deals:
    rows = np.flatnonzero((deals.process != process.PARTS) & (deals.source != process.TENDER))
    count = max(2, int(len(deals) * habits.TWIN_SHARE))
    chosen = np.sort(rng.choice(rows, count, replace=False))
    twins = deals.taken(chosen)
    twins.born = np.minimum(twins.born + rng.integers(3, 30, count), deals.born.max())
    twins.second = 32_400 + rng.integers(0, 30_000, count)
    twins.twin, twins.lead = chosen, np.full(count, -1)
    twins.source = np.full(count, process.SELF_FOUND)
    twins.amount = twins.amount * rng.uniform(0.85, 1.15, count)
    deals.twin[chosen] = len(deals) + np.arange(count)
    return twins


def renewals(won: Deals, rows: Ints, won_on: Ints, last: int, rng: np.random.Generator) -> Deals:
    """The renewals of software deals won on day indices: opened about ten months later, at about the same amount."""
    chosen = rng.random(len(rows)) < RENEWED_SHARE
    born = won_on[chosen] + 290 + rng.integers(0, 30, int(chosen.sum()))
    kept = born < last
    again = won.taken(rows[chosen][kept])
    n = len(again)
    again.born, again.parent, again.source = born[kept], rows[chosen][kept], np.full(n, process.OLD_CUSTOMER)
    again.renewal, again.stage, again.bid = np.ones(n, np.int64), np.ones(n, np.int64), np.zeros(n, np.int64)
    again.quality = RENEWAL_QUALITY + rng.normal(0, 0.6, n)
    again.amount = np.minimum(again.amount * np.exp(rng.normal(-0.25, 0.25, n)), AMOUNT_CAP)
    again.lead, again.twin, again.backfilled = np.full(n, -1), np.full(n, -1), np.zeros(n, np.int64)
    again.second = 32_400 + rng.integers(0, 30_000, n)
    return again


def backfills(deals: Deals, rows: Ints, won_on: Ints, rng: np.random.Generator) -> Deals:
    """Wins that nobody entered in time: shadows of other wins, with an amount and a seat of their own; `born` is the signing."""
    wanted = len(rows) * habits.BACKFILLED_WIN_SHARE / (1 - habits.BACKFILLED_WIN_SHARE)
    eligible = (deals.source[rows] != process.TENDER) & (deals.renewal[rows] == 0)
    chosen = eligible & (rng.random(len(rows)) < wanted / max(1, int(eligible.sum())))
    late = deals.taken(rows[chosen])
    n = len(late)
    late.born, late.backfilled, late.lead = won_on[chosen], np.ones(n, np.int64), np.full(n, -1)
    late.source = np.where(late.source == process.MARKETING, process.SELF_FOUND, late.source)
    late.amount = rng.permutation(late.amount) if n else late.amount
    late.twin, late.parent = np.full(n, -1), np.full(n, -1)
    late.second = 32_400 + rng.integers(0, 30_000, n)
    return late
