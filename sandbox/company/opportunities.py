"""Opportunities: the true history of each deal, told into CRM notes, and the truth kept for tests.

Comes in: history, staff, customers, leads. Goes out: notes of NewOpportunityObj and `DealTruth` by id,
for deals that were not closed before the window.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np

from sandbox.company import deals, habits, names, process
from sandbox.company.customers import Book
from sandbox.company.history import History
from sandbox.company.oracle import DealTruth
from sandbox.company.patches import record_id
from sandbox.company.people import TEAM_CODES, Staff
from sandbox.company.process import Weather
from sandbox.company.seasons import instant, local_day
from sandbox.company.story import USD_RATE, Story, Telling
from sandbox.company.telling import told

CATEGORIES_AFTER_DAYS = 420  # from the window's start: forecast_category__c exists
DEALERS_AFTER_DAYS = 300  # dealer_id__c exists
DEALERS = 40
INFLATING_SEAT = 1  # whose holder commits 1.3 times what lands
NOUNS = {
    "eq_press": "冲压线",
    "eq_robot": "机器人工作站",
    "sw_mes": "MES系统",
    "sw_iot": "设备物联平台",
    "pt_service": "备件与维保",
}


@dataclass(slots=True)
class Told:
    """Tellings by row of `Deals` (None: closed before the window), the entry instants, and the ids of rows."""

    tellings: list[Telling | None]
    entered: list[int]
    ids: list[str]


def entries(history: History, origin: int, seed: int) -> list[int]:
    """When each deal enters the CRM: its birth, or some days after signing for a backfilled win."""
    rng = np.random.default_rng([seed, 40])
    late = np.where(history.deals.backfilled == 1, rng.integers(0, habits.BACKFILL_DAYS, len(history.deals)), 0)
    born = (history.deals.born + late + origin).tolist()
    return [instant(day, second) for day, second in zip(born, history.deals.second.tolist(), strict=True)]


def tell_all(
    history: History, sky: Weather, staff: Staff, book: Book, entered: list[int], lead_ids: list[str], seed: int
) -> Told:
    """Tell every deal; ids count by entry."""
    ranked = sorted(range(len(entered)), key=lambda row: (entered[row], row))
    ids = [""] * len(entered)
    for number, row in enumerate(ranked):
        ids[row] = record_id("NewOpportunityObj", number)
    moves: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for row, day, what, value in history.life.moves.tolist():
        moves[row].append((day + sky.span.origin, what, value))
    opened, until = instant(sky.span.start), instant(sky.span.end)
    tellings: list[Telling | None] = []
    for row in range(len(entered)):
        dice = Random(seed * 5_000_011 + row)
        story = _story(history, sky, staff, book, row, entered[row], moves[row], ids, lead_ids, dice)
        telling = told(story, dice, until)
        gone = telling.first_closed_ms is not None and telling.first_closed_ms < opened
        tellings.append(None if gone else telling)
    return Told(tellings, entered, ids)


def _story(
    history: History, sky: Weather, staff: Staff, book: Book, row: int, entered: int, moves: list[tuple[int, int, int]],
    ids: list[str], lead_ids: list[str], dice: Random,
) -> Story:  # fmt: skip
    d, origin = history.deals, sky.span.origin
    people = [(day, staff.by_index[index]) for day, index in history.books[row]]
    owners = []
    for number, (day, person) in enumerate(people):
        at = entered if number == 0 else max(instant(day, 66_000), entered + 60_000)
        team = staff.team(person.seat, day)
        owners.append((at, person, TEAM_CODES[team], staff.boss(person.seat, day)))
    owners += [
        (instant(day, 1_800), person, TEAM_CODES[team], "-10000")
        for number, (since, person) in enumerate(people)
        for day, team in staff.seat_teams[person.seat][1:]
        if since < day < (people[number + 1][0] if number + 1 < len(people) else sky.span.end)
    ]
    inflating = staff.holder(INFLATING_SEAT, sky.span.day)
    return Story(
        id=ids[row], number=row, entered=entered, process=int(d.process[row]), stage=max(int(d.stage[row]), 2 if d.backfilled[row] else 0),
        amount=float(d.amount[row]), usd=bool(d.usd[row]), moves=moves, ending=int(history.life.ending[row]),
        ended_on=int(history.life.ended_on[row]) + origin, owners=sorted(owners, key=lambda entry: entry[0]),
        transfers=[(at, book.ids[to]) for at, to in book.moves_of(book.of_deal[row])],
        fixed=_fixed(d, row, book, lead_ids, entered, sky.span.start, dice), backfilled=bool(d.backfilled[row]),
        inflates=people[0][1] is inflating, categories_from=instant(sky.span.start + CATEGORIES_AFTER_DAYS),
    )  # fmt: skip


def _fixed(
    d: deals.Deals, row: int, book: Book, lead_ids: list[str], entered: int, start: int, dice: Random
) -> dict[str, Any]:
    kind, source, account = int(d.process[row]), int(d.source[row]), book.of_deal[row]
    line = deals.LINES[kind][int(d.line[row])]
    name = f"{book.accounts[account].name.strip()}-{NOUNS[line]}{'续约' if d.renewal[row] else ''}"
    if dice.random() < habits.NASTY_NAME_SHARE or row in (3, 4, 5):
        name = name + names.NASTY[row % len(names.NASTY)]
    fields: dict[str, Any] = {"name": name, "account_id": book.ids[account]}
    fields |= {"sales_process_id": process.PROCESSES[kind], "currency__c": "USD" if d.usd[row] else "CNY"}
    optional = {"product_line__c": line, "lead_source__c": process.SOURCES[source]}
    fields |= {key: value for key, value in optional.items() if dice.random() >= habits.OPTIONAL_MISSING_SHARE}
    if d.lead[row] >= 0:
        fields["leads_id__c"] = lead_ids[d.lead[row]]
    if d.bid[row] > 0:
        fields["bid_date__c"] = instant(int(d.bid[row]))
    if source == process.DEALER and entered >= instant(start + DEALERS_AFTER_DAYS):
        fields["dealer_id__c"] = f"DL{int(dice.random() * DEALERS):03d}"
    return fields | {"is_renewal__c": bool(d.renewal[row]), "life_status": "normal"}


def truths(told_deals: Told, history: History, origin: int) -> dict[str, DealTruth]:
    """The truth of each deal that entered the CRM, by id."""
    out = {}
    for row, telling in enumerate(told_deals.tellings):
        if telling is None:
            continue
        ended = int(history.life.ending[row]) > 0
        amount = None
        if telling.status == "won":
            rate = Decimal(str(USD_RATE)) if telling.story.usd else Decimal(1)
            amount = (Decimal(telling.shown["amount"]) * rate).quantize(Decimal("0.01"))
        out[telling.story.id] = DealTruth(
            quality=float(history.deals.quality[row]), outcome=telling.status, created_ms=telling.story.entered,
            first_closed_ms=telling.first_closed_ms, closed_ms=telling.closed_ms,
            decided_on=date.fromordinal(telling.story.ended_on) if ended else None, won_gross_amount=amount,
            signed_on=date.fromordinal(local_day(telling.shown["signed_date__c"])) if amount else None,
            is_backfilled=telling.story.backfilled, is_reopened=telling.reopened,
        )  # fmt: skip
    return out
