"""The invented company: a Chinese maker of equipment and software, its CRM's every change, and the truth behind it.

`generate` lives the company for three years up to the end of a day and beyond; docs/sandbox.md writes the process down.
It shares no code with what is built on it, and nothing outside sandbox, tests and bench imports it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.company import activities, customers, history, leads, opportunities, people, process, seasons
from sandbox.company.names import REGIONS
from sandbox.company.oracle import DealTruth, Truth
from sandbox.company.patches import Note, Patch, ordered, record_id
from sandbox.company.targets import targets

__all__ = ["Company", "DealTruth", "Patch", "Truth", "generate"]

GO_LIVE_DAYS = 28
REPS = 80


@dataclass(frozen=True, slots=True)
class Company:
    """All patches in order, the targets, what only tests and benches may read, and the day from which the API is the source."""

    patches: list[Patch]
    targets: list[dict[str, Any]]
    truth: Truth
    go_live: date


def generate(day: date, *, scale: float = 1.0, seed: int = 20240101, days_ahead: int = 200) -> Company:
    """The company whose window is the three years that end with `day`, and `days_ahead` days (0 to 366) beyond.

    The same (day, scale, seed) gives the same company; fewer days ahead give a prefix of its patches. `scale` 1 is 12,000
    opportunities. Raises ValueError for a scale that is not positive or for more days than the company lives.
    """
    if scale <= 0:
        raise ValueError(f"The sandbox company has no scale {scale}: set SCALE above 0")
    if not 0 <= days_ahead <= seasons.DAYS_BEYOND:
        raise ValueError(f"The sandbox company cannot live {days_ahead} days ahead: ask for 0 to {seasons.DAYS_BEYOND}")
    span = seasons.Span.up_to(day)
    sky = process.weather(span, len(REGIONS), seed)
    staff = people.hire(span, max(2 * len(people.TEAM_CODES), round(REPS * scale**0.5)), seed)
    arrived = leads.arrivals(sky, staff, scale, seed)
    past = history.lived(sky, staff, arrived, scale, seed)
    entered = opportunities.entries(past, span.origin, seed)
    book = _customers(staff, past, entered, scale, seed)
    lead_ids = _lead_ids(arrived, span.origin)
    told = opportunities.tell_all(past, sky, staff, book, entered, lead_ids, seed)
    last = span.day + days_ahead
    truths = opportunities.truths(told, past, span.origin)
    skills = {
        row: [(since - span.origin, staff.by_index[index].skill) for since, index in owned]
        for row, owned in enumerate(past.books)
    }
    return Company(
        patches=ordered(_notes(told, past, staff, sky, arrived, book, lead_ids, seed), seasons.instant(last + 1)),
        targets=targets(staff, truths, last, seed),
        truth=Truth(truths, sky, past.deals, past.life, told.ids, skills),
        go_live=day - timedelta(days=GO_LIVE_DAYS),
    )


def _customers(
    staff: people.Staff, past: history.History, entered: list[int], scale: float, seed: int
) -> customers.Book:
    deals = past.deals
    earlier = [
        other if other >= 0 and entered[other] < entered[row] else -1
        for row, other in enumerate((deals.twin * (deals.twin >= 0) + deals.parent * (deals.parent >= 0)).tolist())
    ]
    related = ((deals.twin >= 0) | (deals.parent >= 0)).tolist()
    same_as = [other if linked else -1 for other, linked in zip(earlier, related, strict=True)]
    order = sorted(range(len(entered)), key=lambda row: (entered[row], row))
    seats, regions, sources = deals.seat.tolist(), deals.region.tolist(), deals.source.tolist()
    return customers.customers(staff, order, entered, seats, regions, sources, same_as, scale, seed)


def _lead_ids(arrived: leads.Leads, origin: int) -> list[str]:
    days, seconds = arrived.arrives.tolist(), arrived.second.tolist()
    ids = [""] * len(arrived)
    for number, row in enumerate(sorted(range(len(arrived)), key=lambda row: (days[row], seconds[row], row))):
        ids[row] = record_id("LeadsObj", number)
    return ids


def _notes(
    told: opportunities.Told, past: history.History, staff: people.Staff, sky: process.Weather, arrived: leads.Leads,
    book: customers.Book, lead_ids: list[str], seed: int,
) -> list[Note]:  # fmt: skip
    kept = [row for row, telling in enumerate(told.tellings) if telling is not None]
    notes = [note for telling in told.tellings if telling is not None for note in telling.notes]
    lead_of = past.deals.lead.tolist()
    became = {
        lead_of[row]: (told.entered[row], told.ids[row], book.ids[book.of_deal[row]])
        for row in kept
        if lead_of[row] >= 0
    }
    opened = sky.span.start - sky.span.origin
    shown = [row for row, day in enumerate(arrived.arrives.tolist()) if day >= opened or row in became]
    of_leads = list(leads.lead_notes(arrived, shown, lead_ids, staff, became, seed))
    used = {book.of_deal[row] for row in kept}
    used |= {to for row in set(used) for to in book.chain(row)}
    account_ids = [book.ids[row] for row in book.of_deal]
    contacts = list(activities.deal_contacts(past, told, account_ids, sky, seed))
    contacts += [*activities.lead_contacts(of_leads, seed), *activities.self_logged(staff, seed)]
    notes += of_leads
    notes += people.department_notes(staff)
    notes += people.personnel_notes(staff, seed)
    notes += customers.account_notes(book, staff, used, seed)
    notes += activities.activity_notes(contacts, seed)
    return notes
