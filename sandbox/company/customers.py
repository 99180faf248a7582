"""Customers: which account each deal is for, second spellings, merges, and the accounts' own changes.

Comes in: deals and their entry instants. Goes out: a `Book` of accounts (row = account), the account of each
deal, merges, and the notes of AccountObj.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.company import habits
from sandbox.company.leads import INDUSTRIES
from sandbox.company.names import NASTY, REGIONS, company_name, nasty, respelled, weighted
from sandbox.company.patches import SYSTEM, Note, record_id
from sandbox.company.people import Staff
from sandbox.company.seasons import DAY_MS, instant, local_day

NEW_SHARE = [0.75, 0.0, 0.60, 0.35, 0.45]  # of deals by source: on a customer not seen before
FOUNDERS = 1200  # customers known before the first deal, at scale 1
LEVELS = {"A": 0.15, "B": 0.35, "C": 0.50}
ORIGINS = ["marketing", "referral", "fair", "dealer", "self_found"]
REMAP_AFTER_DAYS = 600  # from the window's start: industries change from numbers to words in one night


@dataclass(slots=True)
class Account:
    """One account: `created` in epoch ms; `parent` is the row of which it is another spelling, `merged` the instant of the merge."""

    created: int
    name: str
    seat: int
    region: int
    industry: int
    code: str
    parent: int = -1
    merged: int | None = None


@dataclass(slots=True)
class Book:
    """All accounts, the account row of each deal, and the id of each account row."""

    accounts: list[Account]
    of_deal: list[int]
    ids: list[str]

    def chain(self, row: int) -> list[int]:
        """The rows that an account is another spelling of, along the chain."""
        rows = []
        while (row := self.accounts[row].parent) >= 0:
            rows.append(row)
        return rows

    def moves_of(self, row: int) -> list[tuple[int, int]]:
        """The merges that move the deals of an account: (instant, row moved to), along the chain."""
        moves = []
        while (merged := self.accounts[row].merged) is not None:
            row = self.accounts[row].parent
            moves.append((merged, row))
        return moves


def customers(
    staff: Staff, order: list[int], entered: list[int], seats: list[int], regions: list[int], sources: list[int],
    same_as: list[int], scale: float, seed: int,
) -> Book:  # fmt: skip
    """Give each deal an account, in the order of entry; `same_as[row]` names an earlier deal of the same customer, or −1."""
    dice = Random(seed * 17 + 3)
    accounts: list[Account] = []
    pools: list[list[int]] = [[] for _ in REGIONS]
    first = instant(staff.span.origin, 0)
    for _ in range(max(60, int(FOUNDERS * scale))):
        seat = int(dice.random() * len(staff.holders))
        region = staff.team_regions[staff.seat_teams[seat][0][1]][0][1]
        pools[region].append(_opened(accounts, dice, first - int(dice.random() * 365 * DAY_MS), seat, region))
    of_deal = [-1] * len(order)
    for row in order:
        pool = pools[regions[row]]
        if same_as[row] >= 0 and of_deal[same_as[row]] >= 0:
            of_deal[row] = of_deal[same_as[row]]
        elif dice.random() < NEW_SHARE[sources[row]] or not pool:
            of_deal[row] = _opened(accounts, dice, entered[row] - 120_000, seats[row], regions[row])
            pool.append(of_deal[row])
        else:
            known = pool[int(dice.random() * len(pool))]
            doubled = dice.random() < habits.DUPLICATE_ACCOUNT_SHARE
            of_deal[row] = _respelled(accounts, dice, known, entered[row]) if doubled else known
    _plant(accounts, dice, of_deal, order, entered)
    ranked = sorted(range(len(accounts)), key=lambda row: (accounts[row].created, row))
    ids = [""] * len(accounts)
    for number, row in enumerate(ranked):
        ids[row] = record_id("AccountObj", number)
    return Book(accounts, of_deal, ids)


def _opened(accounts: list[Account], dice: Random, created: int, seat: int, region: int) -> int:
    name = company_name(dice, REGIONS[region])
    if dice.random() < habits.NASTY_NAME_SHARE:
        name = nasty(dice, name)
    code = f"91{int(dice.random() * 1e15):015d}"[:17] + "X"
    accounts.append(Account(created, name, seat, region, int(dice.random() * len(INDUSTRIES)), code))
    return len(accounts) - 1


def _respelled(accounts: list[Account], dice: Random, known: int, entered: int, merges: bool | None = None) -> int:
    origin = accounts[known]
    copy = Account(
        entered - 90_000, respelled(origin.name, int(dice.random() * 4)), origin.seat, origin.region, origin.industry,
        origin.code, parent=known,
    )  # fmt: skip
    if dice.random() < habits.MERGED_SHARE if merges is None else merges:
        copy.merged = entered + int((20 + 150 * dice.random()) * DAY_MS)
    accounts.append(copy)
    return len(accounts) - 1


def _plant(accounts: list[Account], dice: Random, of_deal: list[int], order: list[int], entered: list[int]) -> None:
    """The chain A→B→C, one customer in five spellings, and nasty names; on deals of the middle of the window."""
    middle = order[len(order) // 2 :]
    chain, spelled = middle[0], middle[10:15]
    link = _respelled(accounts, dice, of_deal[chain], entered[chain], merges=True)
    end = _respelled(accounts, dice, link, entered[chain], merges=True)
    accounts[end].merged, of_deal[chain] = entered[chain] + 10 * DAY_MS, end
    accounts[link].merged = entered[chain] + 40 * DAY_MS
    known = next(
        row for row in range(len(accounts)) if accounts[row].created < entered[spelled[0]] and row not in (link, end)
    )
    for way, row in enumerate(spelled[1:]):
        of_deal[row] = _respelled(accounts, dice, known, entered[row], merges=False)
        accounts[of_deal[row]].name = respelled(accounts[known].name, way)
    of_deal[spelled[0]] = known
    for way, row in enumerate(middle[20 : 20 + len(NASTY)]):
        accounts[of_deal[row]].name += NASTY[way]


def account_notes(book: Book, staff: Staff, used: set[int], seed: int) -> Iterator[Note]:
    """AccountObj: openings, owners who leave, merges, and the night on which industries change from numbers to words."""
    remap = instant(staff.span.start + REMAP_AFTER_DAYS, 7_200)
    for row, account in enumerate(book.accounts):
        if row not in used:
            continue
        dice = Random(seed * 1_000_003 + row)
        born = local_day(account.created)
        owners = staff.book(account.seat, max(born, staff.span.origin), dice)
        people = [(day, staff.by_index[index]) for day, index in owners]
        coded = account.created < remap
        fields: dict[str, Any] = {"name": account.name, "region__c": REGIONS[account.region]}
        fields["owner"] = [people[0][1].user_id]
        optional: dict[str, Any] = {
            "industry": str(account.industry + 1) if coded else INDUSTRIES[account.industry],
            "account_level": weighted(dice, LEVELS),
            "account_source": ORIGINS[int(dice.random() * len(ORIGINS))],
            "uniform_social_credit_code__c": account.code,
        }
        fields |= {k: v for k, v in optional.items() if dice.random() >= habits.OPTIONAL_MISSING_SHARE}
        fields |= {"life_status": "normal", "create_time": account.created}
        yield Note(account.created, "AccountObj", book.ids[row], "create", fields, people[0][1].user_id)
        if coded and "industry" in fields and (account.merged is None or account.merged > remap):
            words = {"industry": INDUSTRIES[account.industry]}
            yield Note(remap + row * 40, "AccountObj", book.ids[row], "update", words)
        for day, person in people[1:]:
            if account.merged is None or instant(day, 0) < account.merged:
                handed = {"owner": [person.user_id]}
                yield Note(
                    instant(day, 66_000), "AccountObj", book.ids[row], "update", handed, staff.boss(person.seat, day)
                )
        if account.merged is not None:
            gone = {"merged_into_id__c": book.ids[account.parent], "life_status": "invalid"}
            yield Note(account.merged, "AccountObj", book.ids[row], "update", gone, SYSTEM)
